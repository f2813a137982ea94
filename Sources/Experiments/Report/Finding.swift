/// What the measurements say in one sentence, and what they do not say.
///
/// The sentence compares networks under one attack. It calls them different only where their 95 % intervals
/// do not meet, which is stricter than a test of the difference would be.
struct Finding: Equatable {
  let sentence: String
  /// The same networks without attack, so that no one reads the sentence without its price.
  let cleanSentence: String?
  let caveats: [String]

  init(_ results: QuickstartResults) {
    let networks = results.networks
    let compared = Self.comparedAttack(networks)
    if let compared {
      let scores = networks.compactMap { $0.score(under: compared) }
      sentence =
        "On \(NumberText.count(compared.score.total)) test images, \(compared.attack) at ε = "
        + "\(NumberText.epsilon(compared.epsilon)) left "
        + Self.accuracies(networks, scores) { "accuracy (95\(NumberText.blank)% interval \($0))" }
        + Self.verdict(networks, scores, lead: "; ") + "."
    } else {
      sentence =
        networks.isEmpty
        ? "No network was measured."
        : "No attack was run on the same number of images for every network: nothing is compared."
    }
    cleanSentence = Self.clean(networks)
    caveats =
      [Self.aboutIntervals(networks), compared.map { Self.aboutAttack($0.attack) }]
      .compactMap { $0 }
  }

  /// The last PGD that all networks met, at one ε and on as many images; the last attack where there is no PGD.
  static func comparedAttack(_ networks: [NetworkResults]) -> AttackScore? {
    let common = (networks.first?.attacks ?? []).filter { attack in
      attack.score.total > 0 && networks.allSatisfy { $0.score(under: attack) != nil }
    }
    return common.last { $0.attack.hasPrefix("PGD") } ?? common.last
  }

  private static func clean(_ networks: [NetworkResults]) -> String? {
    let scores = networks.map(\.clean)
    guard let total = scores.first?.total, total > 0, scores.allSatisfy({ $0.total == total })
    else { return nil }
    return "Without attack, on \(NumberText.count(total)) test images: "
      + accuracies(networks, scores) { "(\($0))" } + verdict(networks, scores, lead: "; ") + "."
  }

  /// `the plain network 1.2 % accuracy (95 % interval 0.7–2.1) and the deflated network 10.4 % (8.7–12.5)`
  private static func accuracies(
    _ networks: [NetworkResults], _ scores: [Score], first: (String) -> String
  ) -> String {
    let nouns = Self.nouns(networks)
    return NumberText.list(
      scores.indices.map { index in
        let interval = NumberText.interval(scores[index])
        let bounds = index == 0 ? first(interval) : "(\(interval))"
        return "\(nouns[index]) \(NumberText.percent(scores[index].accuracy)) \(bounds)"
      })
  }

  /// For two networks, what their intervals allow to say.
  private static func verdict(
    _ networks: [NetworkResults], _ scores: [Score], lead: String
  ) -> String {
    guard networks.count == 2 else { return "" }
    guard !scores[0].overlaps(scores[1]) else {
      return lead + "the intervals overlap: these data do not tell the two apart"
    }
    let better = scores[0].accuracy > scores[1].accuracy ? 0 : 1
    return lead + "the intervals do not overlap: \(nouns(networks)[better]) was right more often"
  }

  /// What a sentence calls the networks: by their training where that tells them apart, else by title.
  private static func nouns(_ networks: [NetworkResults]) -> [String] {
    let isPlain = networks.map { $0.manifest.training.deflation == .none }
    guard Set(isPlain).count == networks.count else { return networks.map { "“\($0.title)”" } }
    return isPlain.map { $0 ? "the plain network" : "the deflated network" }
  }

  private static func aboutIntervals(_ networks: [NetworkResults]) -> String? {
    guard !networks.isEmpty else { return nil }
    let seeds = networks.map(\.manifest.training.seed)
    let list = NumberText.list(seeds.map(String.init))
    let named = Set(seeds).count == 1 ? "seed \(seeds[0])" : "seeds \(list)"
    return "The intervals are about images: how far the accuracy of these very networks could move "
      + "on other test images. Each network was trained once (\(named)); how far another seed would "
      + "move it was not measured."
  }

  private static func aboutAttack(_ attack: String) -> String {
    "\(attack) through the surrogate gradient that the network was trained with is not the strongest "
      + "attack known. Stronger ones may succeed where it failed: the accuracies under attack are upper "
      + "bounds of robustness."
  }
}

extension Score {
  /// Whether the intervals have a point in common.
  func overlaps(_ other: Score) -> Bool { low <= other.high && other.low <= high }
}

extension NetworkResults {
  /// This network under the same attack, at the same ε and on as many images.
  func score(under attack: AttackScore) -> Score? {
    attacks.first {
      $0.attack == attack.attack && $0.epsilon == attack.epsilon
        && $0.score.total == attack.score.total
    }?.score
  }
}
