package dev.orchard.it;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** HTTP requests of somebody with every right that are wrong in some way. */
final class MalformedRequests {
  /**
   * @param what is wrong
   * @param mustBeRefused it could not be right by chance
   */
  record Request(String what, ByteString bytes, boolean mustBeRefused) {}

  private static final List<String> NAMES =
      List.of(
          "..%2fpods",
          "%2e%2e",
          "a%00",
          "a%0d%0aX:%20y",
          "A",
          "-a",
          "a-",
          "a_b",
          "%F0%9F%98%80",
          "a%ff",
          "a%20b",
          "%c0%ae%c0%ae",
          "a".repeat(300),
          "a%3f",
          "a%5cb",
          "*",
          "%zz");

  private static final List<String> QUERIES =
      List.of(
          "from=-1",
          "from=9223372036854775808",
          "from=x",
          "follow=maybe",
          "text=2",
          "from=1e3",
          "token=x",
          "from=%00",
          "from=%zz");

  private static final List<String> BODIES =
      List.of(
          "",
          "[]",
          "null",
          "{",
          "{} {}",
          "{\"command\":[]}",
          "{\"command\":\"ls\"}",
          "{\"command\":[NaN]}",
          "{\"command\":[\"a\"],\"command\":[\"b\"]}",
          "{\"command\":[\"\\ud800\"]}",
          "{\"command\":[\"a\\u0000\"]}",
          "{\"command\":[\"a\"],\"name\":\"../x\"}",
          "{\"command\":[\"a\"],\"env\":{\"A=\":\"\"}}",
          "{\"command\":[\"a\"],\"timeoutSeconds\":" + "9".repeat(100_000) + "}",
          "{\"command\":[\"a\"],\"timeoutSeconds\":-1}",
          "{\"command\":" + "[".repeat(100_000),
          "{\"a\":".repeat(100_000),
          "{\"command\":[" + "1,".repeat(200_000) + "1]}",
          "{\"command\":[\"" + "a".repeat(200_000) + "\"]}",
          "{\"command\":[\"cat\"],\"stdin\":\"" + "a".repeat(1 << 20) + "\"}");

  private static final List<String> HEADERS =
      List.of(
          "Content-Length: -5",
          "Content-Length: x",
          "Content-Length: 99999999999999999999",
          "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0",
          "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
          "Host: a\r\nHost: b",
          "X: \0",
          "X\0: y",
          ": y",
          "X",
          "X-Long: " + "a".repeat(40_000),
          "Origin: https://evil.example",
          "Transfer-Encoding: chunked\r\n\r\nzz");

  private static final List<String> METHODS =
      List.of("TRACE", "PATCH", "CONNECT", "G\0T", "", "GET GET", "A".repeat(9_000));

  private final Random random;
  private final String vm;
  private final String session;
  private final String authorization;

  MalformedRequests(Random random, String vm, String session, String authorization) {
    this.random = random;
    this.vm = vm;
    this.session = session;
    this.authorization = authorization;
  }

  Request next() {
    return switch (random.nextInt(6)) {
      case 0 -> {
        String name = pick(NAMES);
        String path =
            pick(List.of("/v1/vms/%s/exec/x", "/v1/vms/x/exec/%s", "/v1/namespaces/%s/vms/x/execs"))
                .formatted(name);
        yield request("path " + path, "GET " + path, List.of(authorization), new byte[0], true);
      }
      case 1 -> {
        String target = session + "?" + pick(QUERIES);
        yield request(target, "GET " + target, List.of(authorization), new byte[0], true);
      }
      case 2 -> body(pick(BODIES).getBytes(StandardCharsets.UTF_8));
      case 3 -> body("{\"command\":[\"true\"]}".getBytes(StandardCharsets.UTF_16));
      case 4 -> {
        String header = pick(HEADERS);
        yield request(
            "header " + header.substring(0, Math.min(60, header.length())),
            "POST /v1/vms/" + vm + "/exec/none/signal",
            List.of(authorization, header),
            new byte[0],
            true);
      }
      default -> garbled();
    };
  }

  private Request body(byte[] body) {
    return request(
        "body of " + body.length + " bytes",
        "POST /v1/vms/" + vm + "/exec?wait=0",
        List.of(authorization, "Content-Length: " + body.length),
        body,
        true);
  }

  /** Another method, other credentials, or bits that have tipped over. */
  private Request garbled() {
    int kind = random.nextInt(3);
    if (kind == 0) {
      String method = pick(METHODS);
      return request("method", method + " /v1/vms", List.of(authorization), new byte[0], true);
    }
    if (kind == 1) {
      String odd =
          pick(List.of("Bearer", "Bearer \u00e9", "Basic !!!", "Basic Og==", "", "Digest x"));
      return request(
          "Authorization " + odd,
          "GET /v1/vms",
          List.of("Authorization: " + odd),
          new byte[0],
          true);
    }
    // Of a call that never streams, whatever becomes of it.
    byte[] bytes =
        request("bits", "GET /v1/vms/" + vm, List.of(authorization), new byte[0], true)
            .bytes()
            .toByteArray();
    for (int i = 0; i <= random.nextInt(5); i++) {
      bytes[random.nextInt(bytes.length - 30)] ^= (byte) (1 << random.nextInt(8));
    }
    return new Request("bits", ByteString.copyFrom(bytes), false);
  }

  private static Request request(
      String what, String line, List<String> headers, byte[] body, boolean mustBeRefused) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    String head =
        "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n\r\n"
            .formatted(line, String.join("\r\n", headers));
    bytes.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
    bytes.writeBytes(body);
    return new Request(what, ByteString.copyFrom(bytes.toByteArray()), mustBeRefused);
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }
}
