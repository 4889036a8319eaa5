package dev.orchard.controller.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.controller.problem.ApiException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTest {
  @ParameterizedTest
  @ValueSource(strings = {"Bearer abc", "bearer  abc ", "Basic dXNlcjphYmM=", "Basic OmFiYw=="})
  void isReadFromBearerAndFromBasicsPassword(String header) {
    assertThat(Token.of(List.of(header)).value()).isEqualTo("abc");
  }

  @Test
  void mayHaveColonsInsideAPassword() {
    assertThat(Token.of(List.of("Basic dTphOmI=")).value()).isEqualTo("a:b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "abc", "Bearer ", "Bearer a b", "Bearer \u00fc", "Basic %%", "Basic dXNlcjo="})
  void isNothingElse(String header) {
    assertThatThrownBy(() -> Token.of(List.of(header)))
        .isInstanceOfSatisfying(
            ApiException.class, refusal -> assertThat(refusal.status()).isEqualTo(401));
  }

  @Test
  void isOneAndNotTwo() {
    assertThatThrownBy(() -> Token.of(List.of())).isInstanceOf(ApiException.class);
    assertThatThrownBy(() -> Token.of(List.of("Bearer a", "Bearer b")))
        .isInstanceOf(ApiException.class);
  }

  @Test
  void isNeverPrinted() {
    assertThat(new Token("secret")).hasToString("Token[…]");
    assertThat(new Token("secret").digest()).hasSize(64).doesNotContain("secret");
  }
}
