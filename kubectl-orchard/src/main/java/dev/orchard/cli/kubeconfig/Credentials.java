package dev.orchard.cli.kubeconfig;

import dev.orchard.cli.message.CliException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** How the user of a context proves who they are. */
public sealed interface Credentials {
  /**
   * Value for {@code Authorization}, made anew for each connection because tokens expire while a
   * session runs.
   *
   * @throws CliException where there is none to be had
   */
  String authorization();

  /** A token that stands in the file itself. */
  record Token(String token) implements Credentials {
    @Override
    public String authorization() {
      return "Bearer " + token;
    }

    @Override
    public String toString() {
      return "Token[****]";
    }
  }

  /** A token in a file of its own that somebody else renews. */
  record TokenFile(Path path) implements Credentials {
    @Override
    public String authorization() {
      try {
        return "Bearer " + Files.readString(path).strip();
      } catch (IOException e) {
        throw CliException.local("tokenFile " + path + " cannot be read: " + e.getMessage());
      }
    }
  }

  /** A user's name and password; to a controller the password is the token. */
  record Basic(String username, String password) implements Credentials {
    @Override
    public String authorization() {
      byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    @Override
    public String toString() {
      return "Basic[" + username + ", ****]";
    }
  }

  /** A program that prints a token. */
  record Plugin(ExecPlugin plugin) implements Credentials {
    @Override
    public String authorization() {
      return "Bearer " + plugin.token();
    }
  }

  /** Nothing that a controller takes; {@code why} says what was found instead. */
  record Unusable(String why) implements Credentials {
    @Override
    public String authorization() {
      throw CliException.local(why);
    }
  }
}
