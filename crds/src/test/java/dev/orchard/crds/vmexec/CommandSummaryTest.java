package dev.orchard.crds.vmexec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CommandSummaryTest {
  @Test
  void joinsPlainArgumentsBySpaces() {
    assertThat(CommandSummary.of(List.of("/bin/echo", "-n", "a=b"))).isEqualTo("/bin/echo -n a=b");
  }

  @Test
  void quotesWhatAShellWouldTakeApart() {
    assertThat(CommandSummary.of(List.of("sh", "-c", "it's a test", "")))
        .isEqualTo("sh -c 'it\\'s a test' ''");
  }

  @Test
  void escapesWhateverCouldMoveACursor() {
    assertThat(CommandSummary.of(List.of("a\u001b[2Jb\nc\td\u202e\ud800")))
        .isEqualTo("'a\\u001b[2Jb\\nc\\td\\u202e\\ud800'");
  }

  @Test
  void neverGrowsBeyondItsLimit() {
    String summary = CommandSummary.of(List.of("x".repeat(131072), "y"));

    assertThat(summary.codePointCount(0, summary.length())).isEqualTo(CommandSummary.MAX);
    assertThat(summary).endsWith("…");
  }

  @Test
  void cutsNoCharacterInTwo() {
    String summary = CommandSummary.of(List.of("\ud83d\ude00".repeat(200)));

    assertThat(summary.codePointCount(0, summary.length())).isEqualTo(CommandSummary.MAX);
    assertThat(summary.codePoints().filter(c -> Character.getType(c) == Character.SURROGATE))
        .isEmpty();
  }
}
