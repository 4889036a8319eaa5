package dev.orchard.cli.kubeconfig;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.cli.kubeconfig.KubeconfigFiles.Entry;
import dev.orchard.cli.message.CliException;
import dev.orchard.client.Identity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * A user as the Kubernetes API takes it: by certificate, token, password or plugin, and as whom it
 * wants to act.
 */
final class KubernetesUser implements Identity {
  private final String name;
  private final Entry user;
  private final Credentials proof;
  private @Nullable ClientCertificate own;

  KubernetesUser(String name, Entry user, Credentials proof) {
    this.name = name;
    this.user = user;
    this.proof = proof;
  }

  @Override
  public Map<String, List<String>> headers() {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    authorization().ifPresent(value -> headers.put("Authorization", List.of(value)));
    add(headers, "Impersonate-User", "as");
    add(headers, "Impersonate-Uid", "as-uid");
    List<String> groups = texts(user.value().path("as-groups"));
    if (!groups.isEmpty()) {
      headers.put("Impersonate-Group", groups);
    }
    user.value()
        .path("as-user-extra")
        .properties()
        .forEach(
            extra -> headers.put("Impersonate-Extra-" + extra.getKey(), texts(extra.getValue())));
    if (headers.keySet().stream().anyMatch(header -> header.startsWith("Impersonate"))
        && user.text("as").isEmpty()) {
      throw CliException.local(
          "kubeconfig's user '%s' has as-groups, as-uid or as-user-extra, but no as"
              .formatted(name));
    }
    return headers;
  }

  private Optional<String> authorization() {
    return switch (proof) {
      case Credentials.Plugin(ExecPlugin plugin) ->
          plugin.credential().token().map(token -> new Credentials.Token(token).authorization());
      case Credentials.Unusable unusable when hasCertificate() -> Optional.empty();
      default -> Optional.of(proof.authorization());
    };
  }

  private void add(Map<String, List<String>> headers, String header, String field) {
    if (!user.text(field).isEmpty()) {
      headers.put(header, List.of(user.text(field)));
    }
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  @Override
  public Optional<X509ExtendedKeyManager> keys() {
    if (!hasCertificate() && !(proof instanceof Credentials.Plugin)) {
      return Optional.empty();
    }
    // What is wrong with it is said here, and not by a handshake that fails.
    certificate();
    return Optional.of(new CertificateKeys(this::certificate));
  }

  private boolean hasCertificate() {
    return !user.text("client-certificate").isEmpty()
        || !user.text("client-certificate-data").isEmpty();
  }

  private synchronized Optional<ClientCertificate> certificate() {
    if (hasCertificate()) {
      if (own == null) {
        String source = "kubeconfig's user '" + name + "'";
        own =
            ClientCertificate.of(
                user.bytes("client-certificate", source).orElseThrow(),
                user.bytes("client-key", source)
                    .orElseThrow(() ->
                        CliException.local(
                            source + " has a client-certificate, but no client-key")),
                source);
      }
      return Optional.of(own);
    }
    return proof instanceof Credentials.Plugin(ExecPlugin plugin)
        ? plugin.credential().certificate()
        : Optional.empty();
  }
}
