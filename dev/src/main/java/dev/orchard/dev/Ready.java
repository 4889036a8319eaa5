package dev.orchard.dev;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How to use a dev system that is up: the content of {@code ready.json}.
 *
 * @param url of the controller
 * @param token may do everything, as bearer or as the password of Basic
 * @param kubeconfig file for kubectl and our CLI
 * @param ca PEM file of the authority that signed the controller's certificate
 * @param pid of the process to end by SIGTERM
 */
public record Ready(URI url, String token, Path kubeconfig, Path ca, long pid) {
  String json() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("url", url.toString());
    fields.put("token", token);
    fields.put("kubeconfig", kubeconfig.toString());
    fields.put("ca", ca.toString());
    fields.put("pid", pid);
    try {
      return new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(fields) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of strings as JSON", e);
    }
  }

  @Override
  public String toString() {
    return "Ready[" + url + "]";
  }
}
