/// What an attack did to each of the images that an audit looks at, whatever the attack changes in them.
public struct AttackOutcome: Codable, Equatable, Sendable {
  public let name: String
  /// Whether each image is misclassified under the attack.
  public let fooled: [Bool]

  public init(_ name: String, fooled: [Bool]) {
    self.name = name
    self.fooled = fooled
  }

  public var fooledCount: Int { fooled.count { $0 } }
  /// Images that are still classified correctly, of all.
  public var robust: BinomialInterval {
    .wilson(successes: fooled.count - fooledCount, trials: fooled.count)
  }
}

extension Sequence<AttackOutcome> {
  /// The worst case: images that any of these fools.
  ///
  /// - Precondition: all are about the same images.
  public func union(_ name: String) -> AttackOutcome {
    var all: [Bool]?
    for outcome in self {
      precondition(
        all.map { $0.count == outcome.fooled.count } ?? true,
        "union: \(outcome.name) is about other images")
      all = all.map { zip($0, outcome.fooled).map { $0 || $1 } } ?? outcome.fooled
    }
    return AttackOutcome(name, fooled: all ?? [])
  }
}
