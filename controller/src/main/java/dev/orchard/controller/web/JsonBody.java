package dev.orchard.controller.web;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.problem.ApiException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One JSON object of a request, read field by field; what is wrong is named by its field. */
public final class JsonBody {
  /** DESIGN's largest body. */
  static final int MAX_BYTES = 1 << 20;

  /** Strict about what it reads. */
  public static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  // UTF-8 and nothing else; and of clients' names none is kept for ever.
                  .disable(JsonFactory.Feature.CHARSET_DETECTION)
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(8)
                          .maxNameLength(1_024)
                          .maxNumberLength(32)
                          .maxStringLength(MAX_BYTES)
                          .maxTokenCount(20_000)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final String prefix;
  private final ObjectNode object;

  private JsonBody(String prefix, ObjectNode object) {
    this.prefix = prefix;
    this.object = object;
  }

  /** What was asked for in another way than by a body, to be checked as if it were one. */
  public static JsonBody of(ObjectNode object) {
    return new JsonBody("", object);
  }

  /** Reads a whole body: 413 if it is too long, 400 if it is no JSON object. */
  static JsonBody read(InputStream in) {
    try {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw tooLarge();
      }
      if (JSON.readTree(bytes) instanceof ObjectNode object) {
        return new JsonBody("", object);
      }
      throw ApiException.invalid("body", "it is no JSON object");
    } catch (JacksonException e) {
      throw ApiException.invalid("body", "it is no JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw ApiException.invalid("body", "it was cut off");
    }
  }

  static ApiException tooLarge() {
    return new ApiException(
        413,
        "too-large",
        "the body is longer than %d bytes: send more stdin by POST …/stdin".formatted(MAX_BYTES));
  }

  /** Refuses fields that are none of these. */
  void only(Set<String> known) {
    Set<String> unknown = new TreeSet<>();
    object.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      String field = unknown.iterator().next();
      throw ApiException.invalid(prefix + field, "unknown; known are " + new TreeSet<>(known));
    }
  }

  /** The field's value; null if it is absent or null. */
  public @Nullable JsonNode node(String field) {
    JsonNode node = object.get(field);
    return node == null || node.isNull() ? null : node;
  }

  /** A string; null if it is absent or null. */
  public @Nullable String text(String field) {
    JsonNode node = node(field);
    if (node == null) {
      return null;
    }
    if (!node.isTextual()) {
      throw invalid(field, "must be a string");
    }
    return node.textValue();
  }

  /** False if it is absent or null. */
  public boolean flag(String field) {
    JsonNode node = node(field);
    if (node != null && !node.isBoolean()) {
      throw invalid(field, "must be true or false");
    }
    return node != null && node.booleanValue();
  }

  /** A whole number within bounds. */
  public long number(String field, long absent, long min, long max) {
    JsonNode node = node(field);
    if (node == null) {
      return absent;
    }
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw invalid(field, "must be a whole number");
    }
    long number = node.longValue();
    if (number < min || number > max) {
      throw invalid(field, "%d is not in %d to %d".formatted(number, min, max));
    }
    return number;
  }

  /** As {@link #number}. */
  public int integer(String field, int absent, int min, int max) {
    return (int) number(field, absent, min, max);
  }

  /** A field that has to be there. */
  int integer(String field, int min, int max) {
    if (node(field) == null) {
      throw invalid(field, "is missing");
    }
    return integer(field, min, min, max);
  }

  /** The object in a field; null if absent. */
  public @Nullable JsonBody object(String field) {
    JsonNode node = node(field);
    if (node == null) {
      return null;
    }
    if (node instanceof ObjectNode inner) {
      return new JsonBody(prefix + field + ".", inner);
    }
    throw invalid(field, "must be an object");
  }

  /** The names of its fields. */
  public Set<String> fields() {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** The refusal of a field, named with all that it is in. */
  public ApiException invalid(String field, String why) {
    return ApiException.invalid(prefix + field, why);
  }
}
