package dev.orchard.controller.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.controller.problem.ApiException;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the API server's refusals reach a caller. */
class KubernetesApiTest {
  @ParameterizedTest
  @CsvSource({
    "400, BadRequest, 400, invalid-request",
    "403, Forbidden, 403, forbidden",
    "404, NotFound, 404, not-found",
    "409, AlreadyExists, 409, already-exists",
    "409, Conflict, 409, conflict",
    "413, RequestEntityTooLarge, 413, too-large",
    "422, Invalid, 400, invalid-request",
    "429, TooManyRequests, 429, too-many-requests",
  })
  void passesOnWhatTheApiServerRefuses(int code, String reason, int status, String type) {
    assertThatThrownBy(() -> KubernetesApi.call(() -> refuse(code, reason)))
        .isInstanceOfSatisfying(
            ApiException.class,
            refusal -> {
              assertThat(refusal.status()).isEqualTo(status);
              assertThat(refusal.type()).isEqualTo(type);
              assertThat(refusal.detail()).contains("quota ran out");
            });
  }

  private static Object refuse(int code, String reason) {
    throw new KubernetesClientException(
        "refused",
        code,
        new StatusBuilder().withCode(code).withReason(reason).withMessage("quota ran out").build());
  }
}
