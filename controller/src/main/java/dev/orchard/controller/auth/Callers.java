package dev.orchard.controller.auth;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.impl.KubernetesClientImpl;
import io.fabric8.kubernetes.client.utils.TokenRefreshInterceptor;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One Kubernetes client for each caller's token, over a shared pool that holds no credential of its
 * own: with a client certificate in the pool any rubbish token would have the certificate's rights.
 */
public final class Callers implements AutoCloseable {
  private static final int KEPT = 256;
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);

  private final KubernetesClient pool;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Caller> callers =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Caller> eldest) {
          // A derived client is only dropped: its close() would close the pool.
          return size() > KEPT;
        }
      };

  /** Takes of {@code own} where the API server is and how to trust it, nothing else. */
  public Callers(Config own) {
    Config bare =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(own.getMasterUrl())
            .withCaCertFile(own.getCaCertFile())
            .withCaCertData(own.getCaCertData())
            .withTrustStoreFile(own.getTrustStoreFile())
            .withTrustStorePassphrase(own.getTrustStorePassphrase())
            .withTrustCerts(own.isTrustCerts())
            .withDisableHostnameVerification(own.isDisableHostnameVerification())
            .withHttpsProxy(own.getHttpsProxy())
            .withNoProxy(own.getNoProxy())
            .withRequestTimeout((int) REQUEST_TIMEOUT.toMillis())
            // A create must never be sent twice, and a caller is told at once that the API is away.
            .withRequestRetryBackoffLimit(0)
            .build();
    this.pool = new KubernetesClientBuilder().withConfig(bare).build();
  }

  /** The caller of a request with these values of the header {@code Authorization}. */
  public Caller caller(List<String> authorization) {
    Token token = Token.of(authorization);
    lock.lock();
    try {
      return callers.computeIfAbsent(token.digest(), key -> new Caller.Bearer(key, derive(token)));
    } finally {
      lock.unlock();
    }
  }

  private KubernetesClient derive(Token token) {
    Interceptor bearer =
        new Interceptor() {
          @Override
          public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
            builder.setHeader("Authorization", "Bearer " + token.value());
          }
        };
    HttpClient http =
        pool.getHttpClient()
            .newBuilder()
            .addOrReplaceInterceptor(TokenRefreshInterceptor.NAME, bearer)
            .build();
    return new KubernetesClientImpl(
        http, pool.getConfiguration(), () -> Runnable::run, pool.getKubernetesSerialization());
  }

  @Override
  public void close() {
    pool.close();
  }
}
