package dev.orchard.controller.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.controller.TestApi;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.crds.vm.VM;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CallersTest {
  private final TestApi api = new TestApi();

  @AfterEach
  void stop() {
    api.close();
  }

  private static int status(Runnable call) {
    try {
      call.run();
      return 200;
    } catch (ApiException e) {
      return e.status();
    }
  }

  private static int list(Caller caller) {
    return status(() ->
        KubernetesApi.call(
            () -> caller.client().resources(VM.class).inNamespace("default").list()));
  }

  @Test
  void neverBorrowTheControllersOwnCredentials() {
    // The controller's own token and password would both do.
    Config own =
        new ConfigBuilder(api.own().getConfiguration())
            .withUsername("admin")
            .withPassword("admin")
            .build();
    try (Callers callers = new Callers(own)) {
      assertThat(list(callers.caller(List.of("Bearer rubbish")))).isEqualTo(401);
      assertThat(list(callers.caller(List.of("Bearer " + TestApi.BOB)))).isEqualTo(403);
      assertThat(list(callers.caller(List.of("Bearer " + TestApi.ALICE)))).isEqualTo(200);
      assertThatThrownBy(() -> callers.caller(List.of("Bearer "))).isInstanceOf(ApiException.class);
    }
  }

  @Test
  void keepOneClientForEachTokenAndStayUsableWhenTheyForgetOne() {
    try (Callers callers = new Callers(api.own().getConfiguration())) {
      Caller alice = callers.caller(List.of("Bearer " + TestApi.ALICE));
      assertThat(callers.caller(List.of("Bearer " + TestApi.ALICE))).isSameAs(alice);
      for (int i = 0; i < 300; i++) {
        callers.caller(List.of("Bearer other-" + i));
      }
      assertThat(callers.caller(List.of("Bearer " + TestApi.ALICE))).isNotSameAs(alice);
      assertThat(list(alice)).isEqualTo(200);
    }
  }

  @Test
  void areAskedForAgainAfterTenSecondsAndAlwaysBeforeTheyStartAnything() {
    Instant[] now = {Instant.EPOCH};
    Access access = new Access(() -> now[0]);
    try (Callers callers = new Callers(api.own().getConfiguration())) {
      Caller bob = callers.caller(List.of("Bearer " + TestApi.BOB));
      api.grant("get vmexecs/log");
      api.grant("create vms/exec");
      access.require(bob, Right.READ, "default", "s");
      access.require(bob, Right.START, "default", "vm");
      api.revoke("get vmexecs/log");
      api.revoke("create vms/exec");

      access.require(bob, Right.READ, "default", "s");
      assertThat(status(() -> access.require(bob, Right.READ, "default", "other"))).isEqualTo(403);
      assertThat(status(() -> access.require(bob, Right.START, "default", "vm"))).isEqualTo(403);
      now[0] = now[0].plusSeconds(11);
      assertThat(status(() -> access.require(bob, Right.READ, "default", "s"))).isEqualTo(403);
    }
  }

  @Test
  void areRefusedWith503WhileTheApiIsAway() {
    try (Callers callers = new Callers(api.own().getConfiguration())) {
      Caller alice = callers.caller(List.of("Bearer " + TestApi.ALICE));
      api.away(true);
      assertThat(list(alice)).isEqualTo(503);
    }
  }

  @Test
  void loseWhatIsTakenFromThemAndNothingWhileNobodyCanBeAsked() {
    Set<Right> read = Set.of(Right.READ);
    Access access = new Access(() -> Instant.EPOCH);
    try (Callers callers = new Callers(api.own().getConfiguration())) {
      Caller bob = callers.caller(List.of("Bearer " + TestApi.BOB));
      Caller forgotten = callers.caller(List.of("Bearer of-yesterday"));
      assertThat(status(() -> access.stillHas(bob, read, "default", "s"))).isEqualTo(403);
      assertThat(access.stillHas(forgotten, read, "default", "s")).isFalse();
      api.away(true);
      assertThat(access.stillHas(bob, read, "default", "s")).isTrue();
    }
  }
}
