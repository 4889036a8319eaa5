package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.worker.Worker;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A VM as Orchard's clients ask for it. What they always send is taken; a wish that cannot be
 * granted here and would change what runs is refused by its name; unknown fields are ignored.
 */
final class VmBody {
  /** Whose commands over Orchard's WebSocket are; absent: the guest agent's own user. */
  static final String USER_ANNOTATION = "orchard.dev/exec-user";

  /** Orchard's clients always send this user: it says nothing. */
  private static final String USUAL_USER = "admin";

  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final int MAX_CPU = 1_024;
  private static final int MIN_MEMORY_MIB = 64;
  private static final long MAX_MEMORY_MIB = 16L << 20;
  private static final int MAX_USER = 256;
  private static final String CORES = "org.cirruslabs.logical-cores";
  private static final String MEMORY_MIB = "org.cirruslabs.memory-mib";
  private static final String NO_SOFTNET = "there is no Softnet";

  /** A field whose every value but the empty one is refused. */
  private record NotHere(String field, int status, String why) {}

  /** What cannot be changed later either. */
  private static final List<NotHere> NEVER =
      List.of(
          new NotHere("net-softnet", 412, NO_SOFTNET),
          new NotHere("netSoftnet", 412, NO_SOFTNET),
          new NotHere("netSoftnetAllow", 412, NO_SOFTNET),
          new NotHere("netSoftnetBlock", 412, NO_SOFTNET),
          new NotHere("suspendable", 412, "VMs are stopped, not suspended"));

  private static final List<NotHere> NOT_AT_CREATION =
      List.of(
          new NotHere("diskSize", 412, "a disk has its image's size"),
          new NotHere("net-bridged", 412, "there are no bridged networks"),
          new NotHere("nested", 412, "there is no nested virtualization"),
          new NotHere("randomSerial", 412, "serial numbers are the image's"),
          new NotHere(
              "startup_script", 412, "run it once the VM is there: by exec, or as a VMExec"),
          new NotHere("hostDirs", 400, "no directory of a host may be mounted"));

  private VmBody() {}

  static VM parse(String namespace, JsonBody body) {
    NOT_AT_CREATION.forEach(field -> refuse(body, field));
    refuseWhatIsNeverHere(body);
    oneOf(
        body, "imagePullPolicy", "IfNotPresent", "an image is a file of its worker: never pulled");
    oneOf(body, "restart_policy", "Never", "a VM that has failed is not started again by itself");
    VM vm = new VM();
    vm.setMetadata(
        new ObjectMetaBuilder()
            .withNamespace(namespace)
            .withName(name(body))
            .withAnnotations(annotations(body))
            .build());
    vm.setSpec(spec(body));
    return vm;
  }

  /** Refuses what can neither be had at creation nor later. */
  static void refuseWhatIsNeverHere(JsonBody body) {
    NEVER.forEach(field -> refuse(body, field));
  }

  private static void refuse(JsonBody body, NotHere field) {
    JsonNode node = body.node(field.field);
    boolean empty =
        node == null
            || (node.isContainerNode() && node.isEmpty())
            || (node.isBoolean() && !node.booleanValue())
            || (node.isNumber() && node.asDouble() == 0)
            || (node.isTextual() && node.textValue().isEmpty());
    if (!empty) {
      throw new ApiException(
          field.status, "unsupported", field.field + ": " + field.why + "; leave it out");
    }
  }

  private static void oneOf(JsonBody body, String field, String only, String why) {
    String text = text(body, field);
    if (text != null && !text.equals(only)) {
      throw new ApiException(412, "unsupported", "%s: must be %s: %s".formatted(field, only, why));
    }
  }

  private static String name(JsonBody body) {
    String name = body.text("name");
    if (name == null || !LABEL.matcher(name).matches()) {
      throw invalid("name", "must be a DNS label: at most 63 of a-z, 0-9 and, inside, the hyphen");
    }
    return name;
  }

  private static Map<String, String> annotations(JsonBody body) {
    var _ = body.text("password");
    String user = text(body, "username");
    if (user == null || user.equals(USUAL_USER)) {
      return Map.of();
    }
    if (user.length() > MAX_USER || user.chars().anyMatch(c -> c < ' ' || c == ':')) {
      throw invalid("username", "must be the name of a user in the guest");
    }
    return Map.of(USER_ANNOTATION, user);
  }

  private static VMSpec spec(JsonBody body) {
    String image = text(body, "image");
    if (image == null) {
      throw invalid("image", "is missing");
    }
    int cpu = body.integer("cpu", 0, 0, MAX_CPU);
    long memory = body.number("memory", 0, 0, MAX_MEMORY_MIB);
    if (memory != 0 && memory < MIN_MEMORY_MIB) {
      throw body.invalid("memory", "must be 0 or at least %d MiB".formatted(MIN_MEMORY_MIB));
    }
    VMSpec spec =
        VMSpec.ofImage(image)
            .withSize(
                cpu == 0 ? VMSpec.DEFAULT_CPU : cpu,
                memory == 0 ? VMSpec.DEFAULT_MEMORY_MIB : memory)
            .withWorkerSelector(selector(body));
    checkResources(body, spec);
    String runtime =
        word(body, "runtime", "the name of a runtime, as qemu", LABEL.asMatchPredicate());
    return runtime == null ? spec : spec.withRuntime(runtime);
  }

  /** Its labels; the processor; and that a macOS guest needs a Mac, while Linux runs anywhere. */
  private static Map<String, String> selector(JsonBody body) {
    Map<String, String> selector = new HashMap<>();
    JsonBody labels = body.object("labels");
    if (labels != null) {
      for (String label : labels.fields()) {
        String value = labels.text(label);
        selector.put(label, value == null ? "" : value);
      }
    }
    String arch = word(body, "arch", "arm64 or amd64", Set.of("arm64", "amd64")::contains);
    if (arch != null) {
      selector.put(Worker.ARCH_LABEL, arch);
    }
    String os = word(body, "os", "darwin or linux", Set.of("darwin", "linux")::contains);
    if ("darwin".equals(os)) {
      selector.put(Worker.OS_LABEL, os);
    }
    return selector;
  }

  /** Processors and memory are counted for every VM; there is nothing else to be had. */
  private static void checkResources(JsonBody body, VMSpec spec) {
    JsonBody resources = body.object("resources");
    if (resources == null) {
      return;
    }
    for (String name : resources.fields()) {
      long amount = resources.number(name, 0, 0, Long.MAX_VALUE);
      long had =
          switch (name) {
            case CORES -> spec.cpu();
            case MEMORY_MIB -> spec.memoryMib();
            default -> 0;
          };
      if (amount > had) {
        throw new ApiException(
            412,
            "unsupported",
            "resources.%s: workers have %s and %s to give, as cpu and memory ask for, and %d here"
                .formatted(name, CORES, MEMORY_MIB, had));
      }
    }
  }

  private static @Nullable String word(
      JsonBody body, String field, String what, Predicate<String> allowed) {
    String word = text(body, field);
    if (word != null && !allowed.test(word)) {
      throw body.invalid(field, "must be " + what);
    }
    return word;
  }

  /** Absent if empty: Orchard's clients mean the same by both. */
  private static @Nullable String text(JsonBody body, String field) {
    String text = body.text(field);
    return text == null || text.isEmpty() ? null : text;
  }

  private static ApiException invalid(String field, String why) {
    return new ApiException(412, "invalid-vm", field + ": " + why);
  }
}
