import ArgumentParser

/// Counts of which there must be one or more.
enum CountCheck {
  static func atLeastOne(
    _ counts: [(option: String, value: Int)]
  ) throws(ValidationError) {
    for (option, value) in counts where value < 1 {
      throw ValidationError("\(option): expected at least 1, found \(value)")
    }
  }
}
