package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.web.Bodies;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.controller.web.Requests;
import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VM;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** VMs as objects of the Kubernetes API, with the caller's own rights, in Orchard's shape. */
final class VmRoutes {
  private static final HeaderName NEXT_CURSOR = HeaderNames.create("X-Next-Cursor");

  private final Callers callers;
  private final VmWatch watch;

  VmRoutes(Callers callers, VmWatch watch) {
    this.callers = callers;
    this.watch = watch;
  }

  /**
   * @param base {@code /v1} or that of a namespace
   */
  void register(HttpRules rules, String base) {
    rules
        .post(base + "/vms", this::create)
        .get(base + "/vms", this::list)
        .get(base + "/vms/", VmRoutes::redirect)
        .get(base + "/vms/{vm}", this::get)
        .put(base + "/vms/{vm}", this::put)
        .delete(base + "/vms/{vm}", this::delete)
        .get(base + "/vms/{vm}/events", this::events);
  }

  private void create(ServerRequest request, ServerResponse response) {
    Caller caller = caller(request);
    VM vm = VmBody.parse(namespace(request), Bodies.read(request));
    VM created = KubernetesApi.call(() -> caller.client().resource(vm).create());
    Bodies.json(response, VmJson.of(created));
  }

  private void list(ServerRequest request, ServerResponse response) {
    Caller caller = caller(request);
    String namespace = namespace(request);
    Predicate<VM> filter =
        request.query().contains("filter")
            ? VmFilter.parse(request.query().first("filter").orElse(""))
            : vm -> true;
    List<VM> vms =
        KubernetesApi.call(
            () -> caller.client().resources(VM.class).inNamespace(namespace).list().getItems());
    ArrayNode list = JsonBody.JSON.createArrayNode();
    vms.stream()
        .filter(filter)
        .sorted(Comparator.comparing(vm -> vm.getMetadata().getName()))
        .map(VmJson::of)
        .forEach(list::add);
    Bodies.json(response, list);
  }

  private void get(ServerRequest request, ServerResponse response) throws InterruptedException {
    Caller caller = caller(request);
    Place place = Requests.place(request.path().pathParameters());
    if (request.query().first("watch").orElse("").equals("true")) {
      watch(caller, place, response);
    } else {
      Bodies.json(response, VmJson.of(require(caller, place)));
    }
  }

  private void watch(Caller caller, Place place, ServerResponse response)
      throws InterruptedException {
    response.headers().set(HeaderNames.CONTENT_TYPE, "application/x-ndjson");
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    try {
      OutputStream out = response.outputStream();
      watch.stream(place, () -> find(caller, place), out);
      out.close();
    } catch (IOException e) {
      throw new CloseConnectionException("watcher given up: " + e.getMessage(), e);
    }
  }

  private void put(ServerRequest request, ServerResponse response) {
    Caller caller = caller(request);
    Place place = Requests.place(request.path().pathParameters());
    JsonBody body = Bodies.read(request);
    VM vm = require(caller, place);
    PowerState wanted = VmChange.powerState(vm, body);
    if (wanted == vm.getSpec().powerState()) {
      Bodies.json(response, VmJson.of(vm));
      return;
    }
    VM changed =
        KubernetesApi.call(() ->
            resource(caller, place)
                .patch(
                    PatchContext.of(PatchType.JSON_MERGE),
                    "{\"spec\":{\"powerState\":\"%s\"}}".formatted(wanted.word())));
    Bodies.json(response, VmJson.of(changed));
  }

  private void delete(ServerRequest request, ServerResponse response) {
    Caller caller = caller(request);
    Place place = Requests.place(request.path().pathParameters());
    List<StatusDetails> deleted = KubernetesApi.call(() -> resource(caller, place).delete());
    if (deleted.isEmpty()) {
      throw ApiException.notFound("vm", place.namespace(), place.vm());
    }
    response.headers().set(HeaderNames.CONTENT_LENGTH, "0");
    response.status(200).send();
  }

  private void events(ServerRequest request, ServerResponse response) {
    Caller caller = caller(request);
    VM vm = require(caller, Requests.place(request.path().pathParameters()));
    VmEvents.Page page = VmEvents.page(vm, request.query());
    page.next().ifPresent(cursor -> response.headers().set(NEXT_CURSOR, cursor));
    Bodies.json(response, page.events());
  }

  private static void redirect(ServerRequest request, ServerResponse response) {
    String path = request.path().path();
    response.headers().set(HeaderNames.LOCATION, path.substring(0, path.length() - 1));
    response.status(301).send();
  }

  private Caller caller(ServerRequest request) {
    return callers.caller(Requests.authorization(request.headers()));
  }

  private static VM require(Caller caller, Place place) {
    VM vm = find(caller, place);
    if (vm == null) {
      throw ApiException.notFound("vm", place.namespace(), place.vm());
    }
    return vm;
  }

  private static @Nullable VM find(Caller caller, Place place) {
    return KubernetesApi.call(() -> resource(caller, place).get());
  }

  private static Resource<VM> resource(Caller caller, Place place) {
    return caller.client().resources(VM.class).inNamespace(place.namespace()).withName(place.vm());
  }

  private static String namespace(ServerRequest request) {
    return request.path().pathParameters().first("ns").orElse(Requests.DEFAULT_NAMESPACE);
  }
}
