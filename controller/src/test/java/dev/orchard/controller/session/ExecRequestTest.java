package dev.orchard.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.crds.vmexec.EnvVar;
import dev.orchard.crds.vmexec.OutputSpec;
import dev.orchard.crds.vmexec.Tty;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ExecRequestTest {
  private static ExecRequest request(
      List<String> command, List<EnvVar> env, StdinSource stdin, @Nullable Tty tty) {
    return new ExecRequest(
        "s", command, env, null, null, stdin, tty, null, 60, 0, 0, 10, OutputSpec.DEFAULT);
  }

  @Test
  void hasADigestThatDiffersWithEverythingThatIsAskedFor() {
    StdinSource none = new StdinSource.None();
    List<String> digests =
        Stream.of(
                request(List.of("a"), List.of(), none, null),
                request(List.of("a", ""), List.of(), none, null),
                request(List.of("a", "b"), List.of(), none, null),
                request(List.of("ab"), List.of(), none, null),
                request(List.of("a"), List.of(new EnvVar("a", "b")), none, null),
                request(List.of("a"), List.of(new EnvVar("ab", "")), none, null),
                request(List.of("a"), List.of(), new StdinSource.Attach(), null),
                request(List.of("a"), List.of(), new StdinSource.Inline(ByteString.EMPTY), null),
                request(
                    List.of("a"),
                    List.of(),
                    new StdinSource.Inline(ByteString.copyFromUtf8("x")),
                    null),
                request(List.of("a"), List.of(), none, new Tty(24, 80)),
                request(List.of("a"), List.of(), none, new Tty(24, 81)))
            .map(request -> request.digest("vm"))
            .toList();

    assertThat(digests).doesNotHaveDuplicates().allMatch(digest -> digest.length() == 64);
    assertThat(request(List.of("a"), List.of(), none, null).digest("other"))
        .isNotEqualTo(digests.getFirst());
  }

  @Test
  void hasOneDigestWhateverTheOrderOfItsVariables() {
    EnvVar a = new EnvVar("A", "1");
    EnvVar b = new EnvVar("B", "2");
    StdinSource none = new StdinSource.None();

    assertThat(request(List.of("a"), List.of(a, b), none, null).digest("vm"))
        .isEqualTo(request(List.of("a"), List.of(b, a), none, null).digest("vm"));
  }
}
