/// What an attack did to each of the images that an audit looks at, whatever the attack changes in them.
public struct AttackOutcome: Codable, Equatable, Sendable {
  public let name: String
  /// Whether each image is misclassified under the attack.
  public let fooled: [Bool]
  /// Share of the scoring passes in which each is misclassified: 0 or 1 unless the classifier is random.
  public let shares: [Double]

  public init(_ name: String, fooled: [Bool]) {
    self.init(name, fooled: fooled, shares: fooled.map { $0 ? 1 : 0 })
  }

  init(_ name: String, fooled: [Bool], shares: [Double]) {
    self.name = name
    self.fooled = fooled
    self.shares = shares
  }

  /// Images that this fools and the other does not, by more than half of the scoring passes: of a random classifier, an
  /// image near a boundary falls to either side by chance.
  func extra(beyond other: AttackOutcome) -> Int {
    fooled.indices.count {
      fooled[$0] && !other.fooled[$0] && shares[$0] - other.shares[$0] > 0.5
    }
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
    var all: AttackOutcome?
    for outcome in self {
      precondition(
        all.map { $0.fooled.count == outcome.fooled.count } ?? true,
        "union: \(outcome.name) is about other images")
      all =
        all.map { all in
          AttackOutcome(
            name, fooled: zip(all.fooled, outcome.fooled).map { $0 || $1 },
            shares: zip(all.shares, outcome.shares).map { Swift.max($0, $1) })
        } ?? AttackOutcome(name, fooled: outcome.fooled, shares: outcome.shares)
    }
    return all ?? AttackOutcome(name, fooled: [])
  }
}
