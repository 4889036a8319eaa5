package dev.orchard.cli;

import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.client.SessionAddress;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Candidates for the word that somebody is typing, one a line, then a directive of kubectl's
 * completion. Whatever goes wrong, there are just none: nobody wants messages in the line he types.
 */
final class Completion {
  /** In place of a subcommand. */
  static final String COMMAND = "__complete";

  /** A person waits. */
  private static final long PATIENCE_SECONDS = 2;

  private static final int FILES = 0;
  private static final int NO_SPACE = 2;
  private static final int NO_FILES = 4;

  /** What goes into a shell's line: nothing that needs quotes. */
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9./-]*:?");

  private record Candidates(List<String> words, int directive) {}

  private final CommandLine root;
  private final Place.Source places;

  /**
   * Nothing is read yet.
   *
   * @param root with every subcommand
   */
  Completion(CommandLine root, Place.Source places) {
    this.root = root;
    this.places = places;
  }

  /**
   * Prints them.
   *
   * @param words behind {@code kubectl orchard}; the last one, maybe empty, is being typed
   */
  int run(List<String> words, LocalSide local) throws IOException {
    String last = words.isEmpty() ? "" : words.getLast();
    Candidates candidates =
        words.contains("--")
            ? new Candidates(List.of(), FILES)
            : candidates(words.isEmpty() ? words : words.subList(0, words.size() - 1), last);
    StringBuilder lines = new StringBuilder();
    candidates.words().stream()
        .filter(word -> word.startsWith(last))
        .forEach(word -> lines.append(word).append('\n'));
    lines.append(':').append(candidates.directive()).append('\n');
    local.stdout().write(lines.toString().getBytes(StandardCharsets.UTF_8));
    local.stdout().flush();
    return ExitCodes.OK;
  }

  private Candidates candidates(List<String> before, String last) {
    CommandSpec spec = root.getCommandSpec();
    List<String> positional = new ArrayList<>();
    String command = "";
    boolean value = false;
    for (String word : before) {
      if (value) {
        value = false;
      } else if (word.startsWith("-")) {
        OptionSpec option = spec.findOption(word);
        value = option != null && option.arity().max() > 0;
      } else if (command.isEmpty() && root.getSubcommands().containsKey(word)) {
        command = word;
        spec = root.getSubcommands().get(word).getCommandSpec();
      } else {
        positional.add(word);
      }
    }
    if (value) {
      return new Candidates(List.of(), FILES);
    }
    if (last.startsWith("-")) {
      return new Candidates(
          spec.options().stream().map(OptionSpec::longestName).sorted().toList(), NO_FILES);
    }
    if (command.isEmpty()) {
      return new Candidates(List.copyOf(root.getSubcommands().keySet()), NO_FILES);
    }
    return new Candidates(
        arguments(command, positional.size(), before), command.equals("cp") ? NO_SPACE : NO_FILES);
  }

  private List<String> arguments(String command, int position, List<String> before) {
    return switch (command) {
      case "exec", "ps", "port-forward" -> position == 0 ? vms(before, "") : List.of();
      case "cp" -> position < 2 ? vms(before, ":") : List.of();
      case "attach", "logs", "kill" -> position == 0 ? sessions(before) : List.of();
      case "signal" ->
          switch (position) {
            case 0 -> sessions(before);
            case 1 -> Frame.Signal.NAMES;
            default -> List.of();
          };
      default -> List.of();
    };
  }

  private List<String> vms(List<String> before, String suffix) {
    return ask(
        before,
        place ->
            place.road().vms(place.namespace(), "").orThrow().stream()
                .map(vm -> vm + suffix)
                .toList());
  }

  private List<String> sessions(List<String> before) {
    return ask(
        before,
        place ->
            place.road().sessions(place.namespace(), "").orThrow().stream()
                .map(info ->
                    place
                        .road()
                        .shown(new SessionAddress(place.namespace(), info.vm(), info.session())))
                .toList());
  }

  /** A question to the cluster. */
  private interface Question {
    List<String> ask(Place place) throws InterruptedException;
  }

  private List<String> ask(List<String> before, Question question) {
    Callable<List<String>> asking =
        () -> {
          // Only for the options that say where to ask; what is wrong with the rest does not
          // matter.
          root.getCommandSpec().parser().collectErrors(true);
          root.setUnmatchedArgumentsAllowed(true);
          root.parseArgs(before.toArray(String[]::new));
          try (Place place = places.open()) {
            return question.ask(place);
          }
        };
    FutureTask<List<String>> answer = new FutureTask<>(asking);
    Thread.ofVirtual().name("completion").start(answer);
    try {
      return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS).stream()
          .filter(word -> NAME.matcher(word).matches())
          .toList();
    } catch (ExecutionException | TimeoutException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }
}
