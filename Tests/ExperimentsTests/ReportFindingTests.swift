import Foundation
import Testing

@testable import Experiments

@Suite struct ReportFindingTests {
  @Test func saysWhatWasMeasured() throws {
    let finding = Finding(try ReportSamples.pair())
    // Bounds as by SciPy 1.17: binomtest(k, n).proportion_ci(method="wilson").
    #expect(
      plain(finding.sentence)
        == "On 1,000 test images, PGD-10 at ε = 8/255 left the plain network 1.2 % accuracy "
        + "(95 % interval 0.7–2.1) and the deflated network 10.4 % (8.7–12.4); "
        + "the intervals do not overlap: the deflated network was right more often.")
    #expect(
      plain(try #require(finding.cleanSentence))
        == "Without attack, on 10,000 test images: the plain network 89.2 % (88.6–89.8) and "
        + "the deflated network 87.5 % (86.9–88.2); "
        + "the intervals do not overlap: the plain network was right more often.")
  }

  static let overlap = "the intervals overlap: these data do not tell the two apart."
  static let verdicts: [(Int, Int, String)] = [
    (12, 104, "the intervals do not overlap: the deflated network was right more often."),
    (104, 12, "the intervals do not overlap: the plain network was right more often."),
    (100, 110, overlap), (110, 100, overlap), (50, 50, overlap), (0, 0, overlap), (0, 1, overlap),
    (1000, 1000, overlap),
    (0, 1000, "the intervals do not overlap: the deflated network was right more often."),
  ]

  /// Catches a better network chosen by place, and a comparison of the accuracies alone.
  @Test(arguments: verdicts)
  func claimsNoMoreThanTheIntervalsAllow(first: Int, second: Int, verdict: String) throws {
    let finding = Finding(try pair(first, second))
    #expect(finding.sentence.hasSuffix("; " + verdict), "\(finding.sentence)")
  }

  @Test(arguments: [
    (0.1, 0.2, 0.2, 0.3, true), (0.1, 0.2, 0.21, 0.3, false), (0.25, 0.3, 0.1, 0.2, false),
    (0.1, 0.9, 0.4, 0.5, true), (0.4, 0.5, 0.1, 0.9, true),
  ])
  func intervalsThatTouchOverlap(
    low: Double, high: Double, otherLow: Double, otherHigh: Double, expected: Bool
  ) throws {
    #expect(try score(low, high).overlaps(score(otherLow, otherHigh)) == expected)
  }

  @Test func caveatsNameSeedsAndAttack() throws {
    let one = Finding(try ReportSamples.pair()).caveats
    #expect(one.count == 2)
    #expect(one[0].contains("about images") && one[0].contains("trained once (seed 7)"))
    #expect(one[1].hasPrefix("PGD-10 ") && one[1].contains("not the strongest attack known"))
    #expect(one[1].contains("upper bounds of robustness"))
    let two = try ReportSamples.results([
      ReportSamples.network("a", "A", seed: 1, clean: 1, fgsm: 1, pgd: 1),
      ReportSamples.network("b", "B", seed: 2, clean: 1, fgsm: 1, pgd: 1),
    ])
    #expect(Finding(two).caveats[0].contains("trained once (seeds 1 and 2)"))
  }

  /// Two networks of one training are not both "the plain network".
  @Test func networksOfOneKindGoByTheirTitles() throws {
    let results = try ReportSamples.results([
      ReportSamples.network("a", "First", clean: 1, fgsm: 1, pgd: 12),
      ReportSamples.network("b", "Second", clean: 1, fgsm: 1, pgd: 104),
    ])
    #expect(Finding(results).sentence.hasSuffix("do not overlap: “Second” was right more often."))
  }

  @Test func oneNetworkIsComparedWithNothing() throws {
    let results = try ReportSamples.results([
      ReportSamples.network("a", "A", clean: 1, fgsm: 1, pgd: 12)
    ])
    let sentence = Finding(results).sentence
    #expect(
      plain(sentence).hasSuffix("left the plain network 1.2 % accuracy (95 % interval 0.7–2.1)."))
  }

  /// Scores at another ε, of another attack or on another number of images are no pair.
  @Test func unlikeMeasurementsAreNotCompared() throws {
    func only(_ attack: String, _ steps: Double, _ total: Int) throws -> NetworkResults {
      try ReportSamples.network("n", "N", clean: 1, fgsm: 1, pgd: 1).attacked([
        AttackScore(
          attack: attack, epsilon: steps / 255, score: Score(correct: 1, total: total), seconds: 1)
      ])
    }
    let first = try only("PGD-10", 8, 1000)
    for other in [
      try only("PGD-20", 8, 1000), try only("PGD-10", 4, 1000), try only("PGD-10", 8, 999),
    ] {
      let finding = Finding(try ReportSamples.results([first, other]))
      #expect(finding.sentence.hasSuffix("nothing is compared."))
      #expect(finding.caveats.count == 1)
    }
    #expect(Finding(try ReportSamples.results([])).sentence == "No network was measured.")
  }

  /// PGD is the sentence's attack wherever it stands; FGSM only where there is nothing else.
  @Test func prefersPGD() throws {
    let network = try ReportSamples.network("n", "N", clean: 1, fgsm: 1, pgd: 1)
    let turned = network.attacked(network.attacks.reversed())
    #expect(Finding.comparedAttack([turned])?.attack == "PGD-10")
    #expect(Finding.comparedAttack([network.attacked([network.attacks[0]])])?.attack == "FGSM")
    #expect(Finding.comparedAttack([network.attacked([])]) == nil)
  }

  private func pair(_ first: Int, _ second: Int) throws -> QuickstartResults {
    try ReportSamples.results([
      ReportSamples.network("plain", "Plain", clean: 9000, fgsm: 1, pgd: first),
      ReportSamples.network("dsd", "DSD", deflation: .svd, clean: 9000, fgsm: 1, pgd: second),
    ])
  }

  private func score(_ low: Double, _ high: Double) throws -> Score {
    let text = #"{"correct": 1, "total": 2, "accuracy": 0.5, "low": \#(low), "high": \#(high)}"#
    return try JSONDecoder().decode(Score.self, from: Data(text.utf8))
  }
}

/// With ordinary blanks.
func plain(_ text: String) -> String { text.replacingOccurrences(of: "\u{A0}", with: " ") }
