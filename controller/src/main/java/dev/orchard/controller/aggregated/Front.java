package dev.orchard.controller.aggregated;

import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.FrontProxy;
import dev.orchard.controller.web.ClientCertificates;
import io.helidon.http.Headers;
import io.helidon.webserver.http.ServerRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Who stands behind the API server's requests. */
record Front(FrontProxy proxy) {
  /** 401 if it is not the API server that asks. */
  Caller caller(ServerRequest request) {
    return proxy.caller(ClientCertificates.of(request), byName(request.headers()));
  }

  /** As {@link #caller}, while a WebSocket is opened. */
  Caller callerOfUpgrade(Headers headers) {
    return proxy.caller(ClientCertificates.ofUpgrade(), byName(headers));
  }

  private static Map<String, List<String>> byName(Headers headers) {
    Map<String, List<String>> byName = new HashMap<>();
    headers.forEach(header -> byName.put(header.headerName().lowerCase(), header.allValues()));
    return byName;
  }
}
