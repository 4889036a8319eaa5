package dev.orchard.exec.link;

/** The order in which an epoch's frames have to arrive. */
final class Arrivals {
  enum Place {
    NEXT,
    SEEN,
    GAP
  }

  private int last;

  void reset() {
    last = 0;
  }

  Place place(int sequence) {
    int distance = sequence - last;
    if (distance == 1) {
      last = sequence;
      return Place.NEXT;
    }
    return distance <= 0 ? Place.SEEN : Place.GAP;
  }
}
