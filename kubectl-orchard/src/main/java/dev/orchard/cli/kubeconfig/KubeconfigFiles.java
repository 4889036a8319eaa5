package dev.orchard.cli.kubeconfig;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.orchard.cli.message.CliException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files that make up a kubeconfig, merged by kubectl's rules:
 *
 * <ol>
 *   <li>{@code --kubeconfig} names the only file, and it must exist;
 *   <li>else {@code KUBECONFIG} lists files, of which missing ones are left out;
 *   <li>else it is {@code ~/.kube/config}.
 *   <li>The first file that has a name (of a cluster, a user or a context) or {@code
 *       current-context} wins, as a whole.
 * </ol>
 */
final class KubeconfigFiles {
  /** A named thing and the file beside which its relative paths lie. */
  record Entry(JsonNode value, Path file) {
    static final Entry NONE = new Entry(MissingNode.getInstance(), Path.of(""));

    String text(String field) {
      return value.path(field).asText("");
    }

    Path path(String field) {
      return file.resolveSibling(text(field));
    }

    boolean isTrue(String field) {
      return value.path(field).asBoolean();
    }

    /**
     * Bytes that stand in {@code FIELD-data} as base64, or in the file that {@code FIELD} names.
     *
     * @param source whose they are, for the message
     */
    Optional<byte[]> bytes(String field, String source) {
      String data = text(field + "-data");
      try {
        if (!data.isEmpty()) {
          return Optional.of(Base64.getDecoder().decode(data));
        }
        return text(field).isEmpty()
            ? Optional.empty()
            : Optional.of(Files.readAllBytes(path(field)));
      } catch (IllegalArgumentException e) {
        throw CliException.local("%s-data of %s is no base64".formatted(field, source));
      } catch (IOException e) {
        throw CliException.local(
            "%s %s of %s cannot be read: %s".formatted(field, path(field), source, e.getMessage()));
      }
    }
  }

  private final List<Path> files;
  private final Map<String, Entry> clusters = new LinkedHashMap<>();
  private final Map<String, Entry> users = new LinkedHashMap<>();
  private final Map<String, Entry> contexts = new LinkedHashMap<>();
  private String currentContext = "";

  private KubeconfigFiles(List<Path> files) {
    this.files = files;
  }

  static KubeconfigFiles read(@Nullable Path only, Map<String, String> environment, Path home) {
    KubeconfigFiles merged = new KubeconfigFiles(paths(only, environment, home));
    // snakeyaml costs start-up time, so it is set up here, where it is sure to be needed.
    ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
    for (Path file : merged.files) {
      try {
        merged.add(yaml.readTree(Files.readAllBytes(file)), file);
      } catch (NoSuchFileException e) {
        if (only != null) {
          throw CliException.local("kubeconfig " + file + " does not exist");
        }
      } catch (JacksonException e) {
        throw CliException.local("kubeconfig " + file + " is no YAML: " + e.getOriginalMessage());
      } catch (IOException e) {
        throw CliException.local("kubeconfig " + file + " cannot be read: " + e.getMessage());
      }
    }
    return merged;
  }

  private static List<Path> paths(@Nullable Path only, Map<String, String> environment, Path home) {
    if (only != null) {
      return List.of(only);
    }
    List<Path> listed = new ArrayList<>();
    Arrays.stream(environment.getOrDefault("KUBECONFIG", "").split(File.pathSeparator, -1))
        .filter(name -> !name.isEmpty())
        .map(Path::of)
        .distinct()
        .forEach(listed::add);
    return listed.isEmpty() ? List.of(home.resolve(".kube").resolve("config")) : listed;
  }

  private void add(JsonNode file, Path path) {
    Path absolute = path.toAbsolutePath();
    addNamed(file.path("clusters"), "cluster", clusters, absolute);
    addNamed(file.path("users"), "user", users, absolute);
    addNamed(file.path("contexts"), "context", contexts, absolute);
    if (currentContext.isEmpty()) {
      currentContext = file.path("current-context").asText("");
    }
  }

  private static void addNamed(JsonNode list, String field, Map<String, Entry> into, Path path) {
    // Inside one file the last of a name wins, across files the first.
    Map<String, Entry> here = new LinkedHashMap<>();
    for (JsonNode named : list) {
      here.put(named.path("name").asText(""), new Entry(named.path(field), path));
    }
    here.forEach(into::putIfAbsent);
  }

  List<Path> files() {
    return files;
  }

  String currentContext() {
    return currentContext;
  }

  Optional<Entry> context(String name) {
    return Optional.ofNullable(contexts.get(name));
  }

  Entry cluster(String name) {
    return clusters.getOrDefault(name, Entry.NONE);
  }

  Entry user(String name) {
    return users.getOrDefault(name, Entry.NONE);
  }
}
