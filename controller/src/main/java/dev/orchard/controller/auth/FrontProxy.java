package dev.orchard.controller.auth;

import dev.orchard.controller.problem.ApiException;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom the API server vouches for. It proves itself with a client certificate of an authority that
 * the cluster publishes; that is read again when it is older than a minute, or when a certificate
 * is shown that is not of it, and is kept while the API is away.
 */
public final class FrontProxy {
  private static final String NAMESPACE = "kube-system";
  private static final String CONFIG_MAP = "extension-apiserver-authentication";
  private static final Duration FRESH = Duration.ofMinutes(1);

  /**
   * An authority was replaced, or somebody shows us certificates of their own as fast as they can.
   */
  private static final Duration AGAIN = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(FrontProxy.class);

  private record Known(@Nullable RequestHeaders headers, Instant at) {}

  private final KubernetesClient own;
  private final InstantSource clock;
  private final ReentrantLock reading = new ReentrantLock();
  private volatile Known known = new Known(null, Instant.MIN);

  public FrontProxy(KubernetesClient own, InstantSource clock) {
    this.own = own;
    this.clock = clock;
  }

  /**
   * The user of a request that the API server passes on.
   *
   * @param chain what the client has proved itself with in TLS, its own certificate first
   * @param headers by their names in lower case
   * @throws ApiException 401 if it is not the API server
   */
  public Caller caller(Optional<X509Certificate[]> chain, Map<String, List<String>> headers) {
    X509Certificate[] shown =
        chain
            .filter(certificates -> certificates.length > 0)
            .orElseThrow(() ->
                ApiException.unauthenticated(
                    "this is for the API server alone, which shows a certificate: ask there"));
    RequestHeaders trusted = freshest(FRESH);
    if (trusted == null || !trusted.prove(shown)) {
      trusted = freshest(AGAIN);
    }
    if (trusted == null) {
      throw ApiException.unauthenticated(
          "ConfigMap %s/%s cannot be read, and so nobody's certificate be judged: see the log"
              .formatted(NAMESPACE, CONFIG_MAP));
    }
    if (!trusted.prove(shown)) {
      throw ApiException.unauthenticated(
          "the certificate is not the API server's, of the authority and a name of ConfigMap %s/%s"
              .formatted(NAMESPACE, CONFIG_MAP));
    }
    return new Caller.Vouched(trusted.identity(headers), own);
  }

  /** Whose certificates are of interest, as far as is known now. */
  public X509Certificate[] authorities() {
    RequestHeaders headers = known.headers;
    return headers == null ? new X509Certificate[0] : headers.authority().getAcceptedIssuers();
  }

  private @Nullable RequestHeaders freshest(Duration age) {
    if (isYounger(age)) {
      return known.headers;
    }
    reading.lock();
    try {
      if (!isYounger(age)) {
        known = new Known(read(), clock.instant());
      }
      return known.headers;
    } finally {
      reading.unlock();
    }
  }

  private boolean isYounger(Duration age) {
    return known.at.isAfter(clock.instant().minus(age));
  }

  private @Nullable RequestHeaders read() {
    try {
      ConfigMap map = own.configMaps().inNamespace(NAMESPACE).withName(CONFIG_MAP).get();
      if (map != null && map.getData() != null) {
        return RequestHeaders.of(map.getData());
      }
      log.warn(
          "the API server vouches for nobody: there is no ConfigMap {}/{}", NAMESPACE, CONFIG_MAP);
    } catch (KubernetesClientException | IllegalArgumentException e) {
      log.warn(
          "ConfigMap {}/{} cannot be read; role extension-apiserver-authentication-reader allows"
              + " it: {}",
          NAMESPACE,
          CONFIG_MAP,
          e.getMessage());
    }
    return known.headers;
  }
}
