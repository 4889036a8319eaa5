package dev.orchard.agent.session;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** By which others might reach this machine. */
final class Addresses {
  private static final Logger log = LoggerFactory.getLogger(Addresses.class);
  private static final int MAX_ADDRESSES = 16;

  private Addresses() {}

  /** As they are now, IPv4 first; none where the machine has no network. */
  static List<String> present() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
          .sorted(Comparator.comparingInt(address -> address.getAddress().length))
          .map(InetAddress::getHostAddress)
          // Of IPv6 it says the interface besides.
          .map(address -> address.split("%", 2)[0])
          .limit(MAX_ADDRESSES)
          .toList();
    } catch (SocketException e) {
      log.warn("addresses are not known: {}", e.getMessage());
      return List.of();
    }
  }
}
