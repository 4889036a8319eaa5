package dev.orchard.controller.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The OpenAPI document of {@code /v1}: written by hand in {@code openapi.yaml}, but for what is the
 * same everywhere.
 */
final class OpenApiDocument {
  private static final YAMLMapper YAML = new YAMLMapper();
  private static final String EVERYWHERE = "x-everywhere";
  private static final String VMS = "/v1/vms";
  private static final String ELSEWHERE = "/v1/namespaces/{ns}/vms";

  private OpenApiDocument() {}

  static ObjectNode load() {
    ObjectNode document;
    try (InputStream in =
        Objects.requireNonNull(OpenApiDocument.class.getResourceAsStream("openapi.yaml"))) {
      document = (ObjectNode) YAML.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ObjectNode everywhere = (ObjectNode) document.remove(EVERYWHERE);
    ObjectNode paths = (ObjectNode) document.get("paths");
    List<Map.Entry<String, JsonNode>> written = List.copyOf(paths.properties());
    for (Map.Entry<String, JsonNode> path : written) {
      ObjectNode item = (ObjectNode) path.getValue();
      if (path.getKey().startsWith("/v1/")) {
        operations(item).forEach(operation -> refusals(operation, everywhere));
      }
      if (path.getKey().startsWith(VMS)) {
        paths.set(ELSEWHERE + path.getKey().substring(VMS.length()), inNamespace(item));
      }
    }
    return document;
  }

  static byte[] yaml(ObjectNode document) {
    try {
      return YAML.writeValueAsBytes(document);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<ObjectNode> operations(ObjectNode item) {
    return item.properties().stream()
        .map(Map.Entry::getValue)
        .filter(node -> node.has("operationId"))
        .map(ObjectNode.class::cast)
        .toList();
  }

  private static void refusals(ObjectNode operation, ObjectNode everywhere) {
    ObjectNode responses = (ObjectNode) operation.get("responses");
    everywhere
        .properties()
        .forEach(refusal -> responses.putIfAbsent(refusal.getKey(), refusal.getValue()));
  }

  private static ObjectNode inNamespace(ObjectNode item) {
    ObjectNode copy = item.deepCopy();
    for (ObjectNode operation : operations(copy)) {
      operation.put("operationId", operation.get("operationId").asText() + "InNamespace");
    }
    ArrayNode parameters = copy.withArray("parameters");
    parameters.insertObject(0).put("$ref", "#/components/parameters/ns");
    return copy;
  }
}
