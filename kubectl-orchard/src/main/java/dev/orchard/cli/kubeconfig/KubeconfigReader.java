package dev.orchard.cli.kubeconfig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.cli.kubeconfig.KubeconfigFiles.Entry;
import dev.orchard.cli.message.CliException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Resolves one context of the kubeconfig files. */
public final class KubeconfigReader {
  /** Name of the cluster extension that says where the controller is. */
  static final String EXTENSION = "orchard.dev";

  private final Map<String, String> environment;
  private final Path home;
  private final InstantSource clock;

  public KubeconfigReader(Map<String, String> environment, Path home, InstantSource clock) {
    this.environment = environment;
    this.home = home;
    this.clock = clock;
  }

  /**
   * Reads the files anew.
   *
   * @param file the only file to read, or null for {@code KUBECONFIG} and the default
   * @param context the context to take, or null for the current one
   * @throws CliException where a file cannot be read, or the context is missing
   */
  public Kubeconfig read(@Nullable Path file, @Nullable String context) {
    KubeconfigFiles files = KubeconfigFiles.read(file, environment, home);
    String name = context != null ? context : files.currentContext();
    if (name.isEmpty()) {
      throw CliException.local(
          "no current-context in kubeconfig %s: pass --context or --kubeconfig"
              .formatted(listed(files)));
    }
    Entry entry =
        files
            .context(name)
            .orElseThrow(() ->
                CliException.local(
                    "no context '%s' in kubeconfig %s".formatted(name, listed(files))));
    String namespace = entry.text("namespace");
    Entry cluster = files.cluster(entry.text("cluster"));
    String user = entry.text("user");
    Entry described = files.user(user);
    Credentials proof = proof(described, user, cluster);
    return new Kubeconfig(
        name,
        namespace.isEmpty() ? "default" : namespace,
        controller(cluster, entry.text("cluster")),
        forController(described, user, proof),
        new Cluster(entry.text("cluster"), cluster),
        new KubernetesUser(user, described, proof));
  }

  private static String listed(KubeconfigFiles files) {
    return files.files().stream().map(Path::toString).collect(Collectors.joining(", "));
  }

  private static Optional<Kubeconfig.Controller> controller(Entry cluster, String name) {
    for (JsonNode extension : cluster.value().path("extensions")) {
      if (extension.path("name").asText("").equals(EXTENSION)) {
        JsonNode body = extension.path("extension");
        String server = body.path("server").asText("");
        if (server.isEmpty()) {
          throw CliException.local(
              "extension %s of kubeconfig's cluster '%s' has no server".formatted(EXTENSION, name));
        }
        return Optional.of(
            new Kubeconfig.Controller(
                server, authority(body.path("certificate-authority-data").asText(""), name)));
      }
    }
    return Optional.empty();
  }

  private static Optional<byte[]> authority(String data, String cluster) {
    if (data.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Base64.getDecoder().decode(data));
    } catch (IllegalArgumentException e) {
      throw CliException.local(
          "certificate-authority-data of extension %s of kubeconfig's cluster '%s' is no base64"
              .formatted(EXTENSION, cluster));
    }
  }

  /** A controller knows no impersonation, and going on without it would act as somebody else. */
  private static Credentials forController(Entry user, String name, Credentials proof) {
    return user.text("as").isEmpty()
        ? proof
        : new Credentials.Unusable(
            "kubeconfig's user '%s' impersonates (as: %s), which goes through the Kubernetes API only:"
                    .formatted(name, user.text("as"))
                + " pass --server kubernetes, or use a user of its own");
  }

  private Credentials proof(Entry user, String name, Entry cluster) {
    if (!user.text("tokenFile").isEmpty()) {
      return new Credentials.TokenFile(user.path("tokenFile"));
    }
    if (!user.text("token").isEmpty()) {
      return new Credentials.Token(user.text("token"));
    }
    if (!user.text("username").isEmpty()) {
      return new Credentials.Basic(user.text("username"), user.text("password"));
    }
    if (user.value().has("exec")) {
      return plugin(new Entry(user.value().path("exec"), user.file()), name, cluster);
    }
    return new Credentials.Unusable(
        "kubeconfig's user '%s' has no token, tokenFile, username or exec plugin".formatted(name)
            + (user.value().has("client-certificate-data") || user.value().has("client-certificate")
                ? ", only a client certificate, which controllers do not take:"
                    + " pass --server kubernetes, or use a token (kubectl create token)"
                : ""));
  }

  private Credentials plugin(Entry exec, String user, Entry cluster) {
    if (exec.text("interactiveMode").equals("Always")) {
      return new Credentials.Unusable(
          "the credential plugin of kubeconfig's user '%s' wants standard input, which is the command's"
              .formatted(user));
    }
    List<String> command = new ArrayList<>();
    String program = exec.text("command");
    // As kubectl: with a slash it is relative to the file, without one it is looked up in PATH.
    command.add(program.contains("/") ? exec.path("command").toString() : program);
    exec.value().path("args").forEach(argument -> command.add(argument.asText()));
    Map<String, String> added = new LinkedHashMap<>();
    exec.value()
        .path("env")
        .forEach(pair -> added.put(pair.path("name").asText(), pair.path("value").asText()));
    return new Credentials.Plugin(
        new ExecPlugin(
            new ExecPlugin.Description(
                exec.text("apiVersion"),
                command,
                added,
                exec.value().path("provideClusterInfo").asBoolean()
                    ? Optional.of(clusterInfo(cluster))
                    : Optional.empty(),
                Optional.of(exec.text("installHint")).filter(hint -> !hint.isEmpty())),
            clock));
  }

  /** The cluster as plugins know it; its own extension is passed on as their {@code config}. */
  private static JsonNode clusterInfo(Entry cluster) {
    ObjectNode info = new ObjectMapper().createObjectNode();
    for (String field :
        List.of(
            "server",
            "tls-server-name",
            "insecure-skip-tls-verify",
            "certificate-authority-data",
            "proxy-url")) {
      if (cluster.value().has(field)) {
        info.set(field, cluster.value().get(field));
      }
    }
    for (JsonNode extension : cluster.value().path("extensions")) {
      if (extension.path("name").asText("").equals("client.authentication.k8s.io/exec")) {
        info.set("config", extension.path("extension"));
      }
    }
    return info;
  }
}
