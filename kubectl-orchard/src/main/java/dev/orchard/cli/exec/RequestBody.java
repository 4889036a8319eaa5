package dev.orchard.cli.exec;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.orchard.cli.terminal.WindowSize;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** The JSON that asks a controller for a session. */
final class RequestBody {
  private RequestBody() {}

  static byte[] of(ExecRequest request) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("name", request.session().session());
      json.writeArrayFieldStart("command");
      for (String argument : request.command()) {
        json.writeString(argument);
      }
      json.writeEndArray();
      if (!request.env().isEmpty()) {
        json.writeObjectFieldStart("env");
        for (Map.Entry<String, String> variable : request.env().entrySet()) {
          json.writeStringField(variable.getKey(), variable.getValue());
        }
        json.writeEndObject();
      }
      if (request.workingDir().isPresent()) {
        json.writeStringField("workingDir", request.workingDir().get());
      }
      if (request.user().isPresent()) {
        json.writeStringField("user", request.user().get());
      }
      if (request.stdin()) {
        json.writeObjectFieldStart("stdin");
        json.writeStringField("type", "Attach");
        json.writeEndObject();
      }
      if (request.tty().isPresent()) {
        WindowSize size = request.tty().get();
        json.writeObjectFieldStart("tty");
        json.writeNumberField("rows", size.rows());
        json.writeNumberField("cols", size.cols());
        json.writeEndObject();
      }
      if (request.timeout().isPresent()) {
        json.writeNumberField("timeoutSeconds", request.timeout().get().toSeconds());
      }
      json.writeNumberField("startTimeoutSeconds", request.startTimeout().toSeconds());
      json.writeStringField("disconnectPolicy", "Terminate");
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
