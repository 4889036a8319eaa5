package dev.orchard.controller.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.orchard.controller.problem.ApiException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * How this cluster's API server says who somebody is: the authority of the certificate with which
 * it proves itself, and the names of the headers.
 *
 * @param allowedNames common names of that certificate; none listed: any
 * @param users headers, in lower case as all of them here; the first that is there counts
 */
record RequestHeaders(
    X509TrustManager authority,
    List<String> allowedNames,
    List<String> users,
    List<String> uids,
    List<String> groups,
    List<String> extraPrefixes) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};

  /**
   * As ConfigMap {@code extension-apiserver-authentication} has them.
   *
   * @throws IllegalArgumentException if it does not
   */
  static RequestHeaders of(Map<String, String> data) {
    String pem = data.get("requestheader-client-ca-file");
    if (pem == null) {
      throw new IllegalArgumentException(
          "requestheader-client-ca-file is not there: the API server has no --requestheader flags");
    }
    return new RequestHeaders(
        authority(pem),
        list(data, "requestheader-allowed-names"),
        lowerCase(list(data, "requestheader-username-headers")),
        lowerCase(list(data, "requestheader-uid-headers")),
        lowerCase(list(data, "requestheader-group-headers")),
        lowerCase(list(data, "requestheader-extra-headers-prefix")));
  }

  private static List<String> list(Map<String, String> data, String key) {
    try {
      return JSON.readValue(data.getOrDefault(key, "[]"), STRINGS);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(key + " is no JSON list of strings", e);
    }
  }

  private static List<String> lowerCase(List<String> names) {
    return names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
  }

  private static X509TrustManager authority(String pem) {
    try {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate certificate : certificates) {
        store.setCertificateEntry("ca-" + store.size(), certificate);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(store);
      for (TrustManager manager : trust.getTrustManagers()) {
        if (manager instanceof X509TrustManager x509) {
          return x509;
        }
      }
      throw new IllegalStateException("PKIX has no X509TrustManager");
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          "requestheader-client-ca-file is no PEM of certificates", e);
    }
  }

  /** Whether it is the API server that has proved itself with this chain, its own first. */
  boolean prove(X509Certificate[] chain) {
    try {
      authority.checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
      return allowedNames.isEmpty() || isAllowed(chain[0]);
    } catch (CertificateException e) {
      return false;
    }
  }

  private boolean isAllowed(X509Certificate certificate) {
    try {
      List<String> names =
          new LdapName(certificate.getSubjectX500Principal().getName())
              .getRdns().stream()
                  .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
                  .map(Rdn::getValue)
                  .map(String::valueOf)
                  .toList();
      return names.size() == 1 && allowedNames.contains(names.getFirst());
    } catch (InvalidNameException e) {
      return false;
    }
  }

  /**
   * Who a request's headers say it comes from.
   *
   * @param headers by their names in lower case
   */
  Identity identity(Map<String, List<String>> headers) {
    String user = first(headers, users);
    if (user.isEmpty()) {
      throw ApiException.unauthenticated("the API server names no user: header " + users);
    }
    List<String> memberships = new ArrayList<>();
    groups.forEach(name -> memberships.addAll(headers.getOrDefault(name, List.of())));
    SortedMap<String, List<String>> extra = new TreeMap<>();
    headers.forEach((name, values) ->
        extraPrefixes.stream()
            .filter(prefix -> name.startsWith(prefix) && name.length() > prefix.length())
            .findFirst()
            .ifPresent(prefix -> extra.put(unescaped(name.substring(prefix.length())), values)));
    return new Identity(user, first(headers, uids), memberships, extra);
  }

  private static String first(Map<String, List<String>> headers, List<String> names) {
    return names.stream()
        .flatMap(name -> headers.getOrDefault(name, List.of()).stream())
        .filter(value -> !value.isEmpty())
        .findFirst()
        .orElse("");
  }

  /** Keys are percent-encoded, since not every one of them could be part of a header's name. */
  private static String unescaped(String key) {
    try {
      return URLDecoder.decode(key.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return key;
    }
  }
}
