package dev.orchard.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Stdin;
import dev.orchard.crds.vmexec.Tty;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What holds for all operations of the OpenAPI document alike, but for those that only upgrade. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EveryOperationTest {
  private static final int TOO_LONG = (1 << 20) + 1;

  /** One of the document's, without the part of its path that stands for a namespace. */
  private record Operation(String method, String path, JsonNode description) {
    boolean answers(String status) {
      return description.path("responses").has(status);
    }

    /** With names in place of the path's parameters. */
    String of(String vm, String session) {
      return path.replace("{ns}", "default")
          .replace("{vm}", vm)
          .replace("{session}", session)
          .replace("{worker}", "nobody");
    }

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @SuppressWarnings("NullAway.Init")
  private List<Operation> operations;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    fixture = Fixture.start(folder);
    FakeWorker worker = fixture.worker("w1");
    VM hello = fixture.readyVm("hello", worker);
    fixture.boundExec("running", hello, "w1");
    fixture.placedVm("starting", "w1");
    VM failed = fixture.placedVm("failed", "w1");
    worker.report(
        VmReport.newBuilder()
            .setUid(failed.getMetadata().getUid())
            .setState(VmState.VM_FAILED)
            .build());
    await()
        .until(() ->
            fixture
                .kubernetes
                .resource(failed)
                .get()
                .statusOrEmpty()
                .condition(VMStatus.READY)
                .isPresent());
    operations = operations(Fixture.json(fixture.get("/openapi", TestApi.ALICE)));
    assertThat(operations).hasSizeGreaterThan(30);
  }

  @AfterAll
  void stop() {
    fixture.close();
  }

  private static List<Operation> operations(JsonNode document) {
    List<Operation> operations = new ArrayList<>();
    for (var path : document.path("paths").properties()) {
      for (var item : path.getValue().properties()) {
        JsonNode description = item.getValue();
        boolean open = description.has("security") && description.path("security").isEmpty();
        // A redirect, or the word that this is the cluster's own business, is for anybody.
        boolean socket = description.path("responses").has("426");
        open |=
            List.of("101", "200", "201", "202", "204").stream()
                .noneMatch(description.path("responses")::has);
        if (description.has("operationId") && !open && !socket) {
          operations.add(
              new Operation(item.getKey().toUpperCase(Locale.ROOT), path.getKey(), description));
        }
      }
    }
    return operations;
  }

  private HttpResponse<String> send(Operation operation, String path, HttpRequest.Builder request)
      throws Exception {
    return send(operation, path, request, "{}");
  }

  private HttpResponse<String> send(
      Operation operation, String path, HttpRequest.Builder request, String body) throws Exception {
    return fixture.send(
        request
            .uri(fixture.uri(path))
            .method(
                operation.method,
                !operation.method.equals("GET") && !operation.method.equals("DELETE")
                    ? BodyPublishers.ofString(body)
                    : BodyPublishers.noBody()));
  }

  private static HttpRequest.Builder asAlice() {
    return HttpRequest.newBuilder().header("Authorization", "Bearer " + TestApi.ALICE);
  }

  @Test
  void asksWhoItIs() throws Exception {
    for (Operation operation : operations) {
      HttpResponse<String> response =
          send(operation, operation.of("hello", "running"), HttpRequest.newBuilder());
      assertThat(response.statusCode()).as(operation.toString()).isEqualTo(401);
      assertThat(response.headers().firstValue("WWW-Authenticate")).isPresent();
    }
  }

  @Test
  void takesBodiesAsTheyAreOnly() throws Exception {
    for (Operation operation : operations) {
      if (operation.answers("415")) {
        HttpResponse<String> response =
            send(
                operation,
                operation.of("hello", "running"),
                asAlice().header("Content-Encoding", "gzip"));
        assertThat(response.statusCode()).as(operation.toString()).isEqualTo(415);
      }
    }
  }

  @Test
  void boundsWhatIsJson() throws Exception {
    String tooLong = " ".repeat(TOO_LONG);
    for (Operation operation : operations) {
      if (operation.answers("413") && !operation.path.endsWith("/stdin")) {
        HttpResponse<String> response =
            send(operation, operation.of("hello", "running"), asAlice(), tooLong);
        assertThat(response.statusCode()).as(operation.toString()).isEqualTo(413);
      }
    }
  }

  @Test
  void knowsNothingOfAVmOrSessionThatIsNotThere() throws Exception {
    for (Operation operation : operations) {
      // A worker that is not there has been deleted: Orchard's clients expect that.
      boolean idempotent = operation.toString().equals("DELETE /v1/workers/{worker}");
      if (operation.answers("404")
          && operation.path.matches(".*[{](vm|session|worker)}.*")
          && !idempotent) {
        HttpResponse<String> response =
            send(
                operation,
                operation.of("nope", "nope"),
                asAlice(),
                operation.path.endsWith("/exec") ? "{\"command\":[\"true\"]}" : "{}");
        assertThat(response.statusCode()).as(operation + response.body()).isEqualTo(404);
        assertThat(response.headers().firstValue("Content-Type"))
            .contains("application/problem+json");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"starting, 408", "failed, 417"})
  void isRefusedWhereTheVmIsNotReady(String vm, int status) throws Exception {
    allThatNeedTheVmAnswer(vm, status);
  }

  @Test
  void isRefusedWhereTheVmIsBeingDeleted() throws Exception {
    VM vm = fixture.placedVm("leaving", "w1");
    fixture
        .kubernetes
        .resource(vm)
        .edit(edited -> {
          edited.getMetadata().setFinalizers(List.of(VM.FINALIZER));
          return edited;
        });
    fixture.kubernetes.resource(vm).delete();
    allThatNeedTheVmAnswer("leaving", 409);
  }

  private void allThatNeedTheVmAnswer(String vm, int status) throws Exception {
    String name = "unbound-in-" + vm;
    VMExec exec = new VMExec();
    exec.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("default").build());
    exec.setSpec(
        VMExecSpec.of(vm, List.of("cat"))
            .stdin(Stdin.ATTACH)
            .tty(new Tty(24, 80))
            .startTimeoutSeconds(1)
            .build());
    fixture.kubernetes.resource(exec).create();
    for (Operation operation : operations) {
      boolean needsIt =
          operation.path.startsWith("/v1/vms/{vm}/exec/{session}")
              || operation.path.equals("/v1/vms/{vm}/ip");
      // To cancel a session that is bound to nothing, no VM is needed.
      if (needsIt && !operation.path.endsWith("/cancel") && operation.answers("" + status)) {
        String body =
            operation.path.endsWith("/resize")
                ? "{\"rows\":1,\"cols\":1}"
                : "{\"signal\":\"TERM\"}";
        HttpResponse<String> response = send(operation, operation.of(vm, name), asAlice(), body);
        assertThat(response.statusCode()).as(operation + response.body()).isEqualTo(status);
      }
    }
  }
}
