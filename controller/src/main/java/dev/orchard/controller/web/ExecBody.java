package dev.orchard.controller.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.session.ExecRequest;
import dev.orchard.controller.session.StdinSource;
import dev.orchard.crds.vmexec.DisconnectPolicy;
import dev.orchard.crds.vmexec.EnvVar;
import dev.orchard.crds.vmexec.OnLimit;
import dev.orchard.crds.vmexec.OutputSpec;
import dev.orchard.crds.vmexec.Tty;
import dev.orchard.crds.vmexec.VMExecSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The body of a request for an exec, checked as strictly as the VMExec's own schema checks. */
public final class ExecBody {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,255}");
  private static final int MAX_ARGUMENTS = 256;
  private static final int MAX_BYTES = 128 << 10;
  private static final int YEAR_SECONDS = 31_536_000;
  private static final int DAY_SECONDS = 86_400;
  private static final Set<String> FIELDS =
      Set.of(
          "command",
          "name",
          "env",
          "workingDir",
          "user",
          "stdin",
          "stdinBase64",
          "tty",
          "disconnectPolicy",
          "startTimeoutSeconds",
          "timeoutSeconds",
          "idleTimeoutSeconds",
          "terminationGracePeriodSeconds",
          "output");

  private ExecBody() {}

  /** What is asked for; 400 names the field that is not as it should be. */
  public static ExecRequest parse(JsonBody body) {
    body.only(FIELDS);
    List<String> command = command(body);
    List<EnvVar> env = env(body);
    long bytes =
        command.stream().mapToLong(ExecBody::bytes).sum()
            + env.stream().mapToLong(v -> bytes(v.name()) + bytes(v.value())).sum();
    if (bytes > MAX_BYTES) {
      throw body.invalid(
          "command", "with env it has %d bytes, at most %d".formatted(bytes, MAX_BYTES));
    }
    return new ExecRequest(
        name(body),
        command,
        env,
        workingDir(body),
        user(body),
        stdin(body),
        tty(body),
        disconnectPolicy(body),
        body.integer(
            "startTimeoutSeconds", VMExecSpec.DEFAULT_START_TIMEOUT_SECONDS, 1, DAY_SECONDS),
        body.integer("timeoutSeconds", VMExecSpec.DEFAULT_TIMEOUT_SECONDS, 0, YEAR_SECONDS),
        body.integer("idleTimeoutSeconds", 0, 0, YEAR_SECONDS),
        body.integer(
            "terminationGracePeriodSeconds",
            VMExecSpec.DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS,
            0,
            3_600),
        output(body));
  }

  private static List<String> command(JsonBody body) {
    JsonNode node = body.node("command");
    if (node == null || !node.isArray() || node.isEmpty() || node.size() > MAX_ARGUMENTS) {
      throw body.invalid("command", "must be an array of 1 to %d strings".formatted(MAX_ARGUMENTS));
    }
    List<String> command = new ArrayList<>();
    for (JsonNode argument : node) {
      if (!argument.isTextual()) {
        throw body.invalid("command[%d]".formatted(command.size()), "must be a string");
      }
      command.add(clean(body, "command[%d]".formatted(command.size()), argument.textValue()));
    }
    if (command.getFirst().isEmpty()) {
      throw body.invalid("command[0]", "is empty: it names the program");
    }
    return command;
  }

  private static @Nullable String name(JsonBody body) {
    String name = body.text("name");
    if (name != null && !LABEL.matcher(name).matches()) {
      throw body.invalid(
          "name", "must be a DNS label: at most 63 of a-z, 0-9 and, inside, the hyphen");
    }
    return name;
  }

  private static List<EnvVar> env(JsonBody body) {
    JsonBody env = body.object("env");
    if (env == null) {
      return List.of();
    }
    List<EnvVar> variables = new ArrayList<>();
    for (String name : env.fields()) {
      if (!ENV_NAME.matcher(name).matches()) {
        throw body.invalid("env", "a name must be letters, digits and _, no digit first");
      }
      String value = env.text(name);
      if (value == null) {
        throw env.invalid(name, "must be a string");
      }
      variables.add(new EnvVar(name, clean(env, name, value)));
    }
    if (variables.size() > MAX_ARGUMENTS) {
      throw body.invalid("env", "has more than %d variables".formatted(MAX_ARGUMENTS));
    }
    return variables;
  }

  private static @Nullable String workingDir(JsonBody body) {
    String dir = body.text("workingDir");
    if (dir != null && (!dir.startsWith("/") || dir.length() > 4_096)) {
      throw body.invalid("workingDir", "must be an absolute path of at most 4096 characters");
    }
    return dir == null ? null : clean(body, "workingDir", dir);
  }

  private static @Nullable String user(JsonBody body) {
    String user = body.text("user");
    if (user != null && (user.isEmpty() || user.length() > 256 || user.contains(":"))) {
      throw body.invalid("user", "must be a name or number of 1 to 256 characters");
    }
    return user == null ? null : clean(body, "user", user);
  }

  private static StdinSource stdin(JsonBody body) {
    JsonNode stdin = body.node("stdin");
    String base64 = body.text("stdinBase64");
    if (base64 != null) {
      if (stdin != null) {
        throw body.invalid("stdinBase64", "stdin is there too: send one of them");
      }
      try {
        return new StdinSource.Inline(ByteString.copyFrom(Base64.getDecoder().decode(base64)));
      } catch (IllegalArgumentException e) {
        throw body.invalid("stdinBase64", "is not base64");
      }
    }
    if (stdin == null) {
      return new StdinSource.None();
    }
    if (stdin.isTextual()) {
      return new StdinSource.Inline(
          ByteString.copyFromUtf8(encodable(body, "stdin", stdin.textValue())));
    }
    String type = stdin.isObject() && stdin.size() == 1 ? stdin.path("type").asText() : "";
    return switch (type) {
      case "None" -> new StdinSource.None();
      case "Attach" -> new StdinSource.Attach();
      default ->
          throw body.invalid(
              "stdin", "must be a string, {\"type\":\"None\"} or {\"type\":\"Attach\"}");
    };
  }

  private static @Nullable Tty tty(JsonBody body) {
    JsonNode tty = body.node("tty");
    if (tty == null) {
      return null;
    }
    if (tty.isBoolean()) {
      return tty.booleanValue() ? new Tty(Tty.DEFAULT_ROWS, Tty.DEFAULT_COLS) : null;
    }
    JsonBody size = body.object("tty");
    if (size == null) {
      return null;
    }
    size.only(Set.of("rows", "cols"));
    return new Tty(
        size.integer("rows", Tty.DEFAULT_ROWS, 1, 65_535),
        size.integer("cols", Tty.DEFAULT_COLS, 1, 65_535));
  }

  private static @Nullable DisconnectPolicy disconnectPolicy(JsonBody body) {
    String word = body.text("disconnectPolicy");
    if (word == null) {
      return null;
    }
    return Arrays.stream(DisconnectPolicy.values())
        .filter(policy -> policy.word().equals(word))
        .findFirst()
        .orElseThrow(() -> body.invalid("disconnectPolicy", "must be Terminate or Detach"));
  }

  private static OutputSpec output(JsonBody body) {
    JsonBody output = body.object("output");
    if (output == null) {
      return OutputSpec.DEFAULT;
    }
    output.only(Set.of("limit", "onLimit", "tailBytes"));
    String word = output.text("onLimit");
    OnLimit onLimit =
        word == null
            ? OnLimit.DROP_OLDEST
            : Arrays.stream(OnLimit.values())
                .filter(o -> o.word().equals(word))
                .findFirst()
                .orElseThrow(
                    () -> output.invalid("onLimit", "must be DropOldest, Block or Terminate"));
    return new OutputSpec(
        output.number("limit", OutputSpec.DEFAULT_LIMIT, 1L << 20, 1L << 40),
        onLimit,
        output.integer("tailBytes", 0, 0, 16_384));
  }

  private static String clean(JsonBody body, String field, String text) {
    if (text.indexOf('\0') >= 0) {
      throw body.invalid(field, "contains a NUL character");
    }
    return encodable(body, field, text);
  }

  private static String encodable(JsonBody body, String field, String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw body.invalid(field, "contains half of a surrogate pair");
    }
    return text;
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
