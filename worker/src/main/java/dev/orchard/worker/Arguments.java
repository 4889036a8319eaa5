package dev.orchard.worker;

import dev.orchard.worker.qemu.Accelerator;
import dev.orchard.worker.qemu.GuestImage;
import dev.orchard.worker.road.HttpProxy;
import dev.orchard.worker.road.ReplicaAddress;
import dev.orchard.worker.road.Transport;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The settings of a process: flags, else environment variables, else defaults. {@code --data-dir D}
 * and {@code ORCHARD_WORKER_DATA_DIR=D} say the same. Lists are separated by commas.
 */
final class Arguments {
  static final String USAGE =
      """
      usage: --controllers LIST --controller-ca PEM --token-file FILE [options]
        --controllers LIST     where replicas are: HOST:PORT of a gRPC port, https://HOST:PORT of an
                               HTTP port, or both with | between them; a name may have the addresses
                               of several, an address may lead to several
        --transport WORD       grpc, http or auto: gRPC, and where it does not get through HTTP
                               (auto); HTTPS_PROXY and NO_PROXY count for HTTP
        --name NAME            of the Worker and its ServiceAccount (the host's name)
        --data-dir DIR         of VMs and sessions (/var/lib/orchard)
        --runtimes LIST        of qemu, process; the first is the default (qemu)
        --images LIST          NAME=KERNEL:INITRD:ROOT_DISK, what VMs may boot (none)
        --agent-command WORDS  starts the guest agent under process; split at spaces
        --cpu N                for all VMs together (the host's)
        --memory MIB           for all VMs together (half of the host's)
        --session-storage MIB  for the logs of all sessions (a fifth of the data folder's disk)
        --accelerator WORD     auto, kvm or tcg (auto)
      Each flag may be an environment variable instead: ORCHARD_WORKER_DATA_DIR=DIR.\
      """;

  private static final Set<String> NAMES =
      Set.of(
          "controllers",
          "transport",
          "controller-ca",
          "token-file",
          "name",
          "data-dir",
          "runtimes",
          "images",
          "agent-command",
          "cpu",
          "memory",
          "session-storage",
          "accelerator");

  private final Map<String, String> given;
  private final Map<String, String> environment;

  private Arguments(Map<String, String> given, Map<String, String> environment) {
    this.given = given;
    this.environment = environment;
  }

  /**
   * The settings that a command line and an environment make.
   *
   * @throws IllegalArgumentException naming the flag that is wrong or missing
   */
  static WorkerSettings parse(List<String> flags, Map<String, String> environment) {
    Map<String, String> given = new HashMap<>();
    for (String name : NAMES) {
      String variable = "ORCHARD_WORKER_" + name.replace('-', '_').toUpperCase(Locale.ROOT);
      String value = environment.get(variable);
      if (value != null) {
        given.put(name, value);
      }
    }
    for (int i = 0; i < flags.size(); i += 2) {
      String flag = flags.get(i);
      if (!flag.startsWith("--") || !NAMES.contains(flag.substring(2))) {
        throw new IllegalArgumentException(
            "'%s' is no flag: %s".formatted(flag, new TreeSet<>(NAMES)));
      }
      if (i + 1 == flags.size()) {
        throw new IllegalArgumentException(flag + " has no value");
      }
      given.put(flag.substring(2), flags.get(i + 1));
    }
    return new Arguments(given, environment).settings();
  }

  private WorkerSettings settings() {
    return new WorkerSettings(
        text("name").orElseGet(Arguments::hostName),
        Path.of(text("data-dir").orElse("/var/lib/orchard")),
        list(required("controllers")).stream().map(ReplicaAddress::parse).toList(),
        Transport.ofWord(text("transport").orElse("auto")),
        HttpProxy.of(environment).orElse(null),
        Path.of(required("controller-ca")),
        Path.of(required("token-file")),
        list(text("runtimes").orElse("qemu")),
        images(),
        text("agent-command")
            .map(words -> List.of(words.strip().split(" +", -1)))
            .orElse(List.of()),
        Math.toIntExact(number("cpu", Runtime.getRuntime().availableProcessors())),
        number("memory", hostMemoryMib() / 2),
        number("session-storage", 0) << 20,
        Accelerator.ofWord(text("accelerator").orElse("auto")));
  }

  private Map<String, GuestImage> images() {
    Map<String, GuestImage> images = new LinkedHashMap<>();
    for (String image : list(text("images").orElse(""))) {
      String[] nameAndFiles = image.split("=", 2);
      String[] files = nameAndFiles[nameAndFiles.length - 1].split(":", -1);
      if (nameAndFiles.length != 2 || files.length != 3) {
        throw new IllegalArgumentException(
            "--images: '%s' is not NAME=KERNEL:INITRD:ROOT_DISK".formatted(image));
      }
      images.put(
          nameAndFiles[0], new GuestImage(Path.of(files[0]), Path.of(files[1]), Path.of(files[2])));
    }
    return images;
  }

  private Optional<String> text(String name) {
    return Optional.ofNullable(given.get(name)).filter(value -> !value.isBlank());
  }

  private String required(String name) {
    return text(name)
        .orElseThrow(() -> new IllegalArgumentException("--%s is missing".formatted(name)));
  }

  private long number(String name, long otherwise) {
    return text(name)
        .map(value -> {
          try {
            return Long.parseLong(value);
          } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--%s: '%s' is no number".formatted(name, value), e);
          }
        })
        .orElse(otherwise);
  }

  private static List<String> list(String value) {
    return Arrays.stream(value.split(",", -1))
        .map(String::strip)
        .filter(s -> !s.isEmpty())
        .toList();
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("--name is missing and this host has no name", e);
    }
  }

  private static long hostMemoryMib() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean host
        ? host.getTotalMemorySize() >> 20
        : 0;
  }
}
