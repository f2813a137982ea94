import Testing

@testable import Attacks

@Suite struct AuditFlagTests {
  /// Lower end of the interval by its definition, not by the formula: the smallest p with |p̂ − p| ≤ z √(p(1 − p)/n).
  static func lowerEnd(_ count: Int, of trials: Int) -> Double {
    let share = Double(count) / Double(trials)
    var (low, high) = (0.0, share)
    for _ in 0..<200 {
      let p = (low + high) / 2
      let z = (share - p) / (p * (1 - p) / Double(trials)).squareRoot()
      if z > 1.959963984540054 { low = p } else { high = p }
    }
    return high
  }

  /// Catches a flag that compares the share itself, or the upper end, with what is tolerated.
  @Test(arguments: AuditCheck.allCases, [20, 200, 1000])
  func `a flag is raised from the first count whose whole interval lies above its tolerance`(
    check: AuditCheck, trials: Int
  ) throws {
    let first = try #require(
      (0...trials).first { Self.lowerEnd($0, of: trials) > check.judgement.tolerance && $0 > 0 })
    let raised = AuditFlag(check, first, of: trials, detail: "")
    #expect(raised.state == .raised && raised.isRaised)
    #expect(raised.count.successes == first && raised.count.trials == trials)
    let before = AuditFlag(check, first - 1, of: trials, detail: "")
    #expect(before.state == (first == 1 ? .clear : .seen) && !before.isRaised)
    #expect(AuditFlag(check, 0, of: trials, detail: "").state == .clear)
    #expect(AuditFlag(check, trials, of: trials, detail: "").isRaised)
  }

  @Test func `with 200 images the tolerances mean these counts`() {
    func first(_ check: AuditCheck) -> Int? {
      (0...200).first { AuditFlag(check, $0, of: 200, detail: "").isRaised }
    }
    #expect(first(.oneStep) == 5)
    #expect(first(.square) == 5)
    #expect(first(.otherLoss) == 17)
    #expect(first(.unbounded) == 1 && first(.leakedState) == 1)
    #expect(first(.quantizedInput) == 114)
  }

  /// Catches AutoAttack's 0.2 points where AutoAttack's other attacks were not run.
  @Test func `Square speaks of masking only after the attacks that AutoAttack has before it`() {
    func flag(_ count: Int, _ judgement: AuditCheck.Judgement?) -> AuditFlag {
      AuditFlag(.square, count, of: 200, detail: "", judgedBy: judgement)
    }
    let late = AuditCheck.squareInAutoAttack
    #expect((0...200).first { flag($0, late).isRaised } == 2)
    #expect((0...200).first { flag($0, nil).isRaised } == 5)
    #expect(AuditVerdict([flag(2, late)], examined: 200).kind == .masked)
    #expect(AuditVerdict([flag(5, nil)], examined: 200).kind == .loose)
  }

  @Test func `nothing examined is not measured and says why`() {
    #expect(AuditFlag(.restarts, 0, of: 0, detail: "").state == .notMeasured)
    let flag = AuditFlag(.restarts, notMeasured: "no time")
    #expect(flag.state == .notMeasured && flag.detail == "no time" && !flag.isRaised)
  }

  /// A reader of the table needs all of it, for every check.
  @Test func `every check has its own number and texts`() {
    let all = AuditCheck.allCases
    #expect(all.map(\.number) == Array(1...all.count))
    #expect(
      all.prefix(5) == [.oneStep, .blackBox, .unbounded, .randomSampling, .largerBall],
      "the order of Athalye's symptoms in the reports")
    for text in [\AuditCheck.title, \.raisedIf] {
      #expect(Set(all.map { $0[keyPath: text] }).count == all.count)
    }
    for check in all {
      #expect(!check.meaning.isEmpty && !check.remedy.isEmpty && !check.judgement.reason.isEmpty)
      #expect((0...0.5).contains(check.judgement.tolerance))
    }
  }

  private static func flags(_ raised: [AuditCheck], open: [AuditCheck] = []) -> [AuditFlag] {
    AuditCheck.allCases.map { check in
      open.contains(check)
        ? AuditFlag(check, notMeasured: "")
        : AuditFlag(check, raised.contains(check) ? 50 : 0, of: 50, detail: "")
    }
  }

  @Test(
    arguments: [
      ([], AuditVerdict.Kind.believable, "believable as an upper bound"),
      (
        [.moreSteps, .restarts], .loose,
        "believable as an upper bound, and a loose one (flags 11, 12)"
      ),
      (
        [.surrogateSpread], .ensembleOnly,
        "believable as an upper bound over several surrogates, not through its own alone (flag 6)"
      ),
      (
        [.surrogateSpread, .restarts], .ensembleOnly,
        "believable as an upper bound over several surrogates, not through its own alone (flag 6), "
          + "and a loose one (flag 12)"
      ),
      ([.restarts, .blackBox], .masked, "not believable: gradients are masked (flag 2)"),
      (
        [.blackBox, .randomSampling, .otherLoss], .masked,
        "not believable: gradients are masked (flags 2, 4)"
      ),
      (
        [.zeroBudget, .blackBox], .invalid,
        "not believable: the measurement is at fault (flag 20)"
      ),
      (
        [.stochastic], .believable,
        "believable as an upper bound; the network is stochastic (flag 15)"
      ),
    ] as [([AuditCheck], AuditVerdict.Kind, String)])
  func `the verdict is the worst of what was raised`(
    raised: [AuditCheck], kind: AuditVerdict.Kind, sentence: String
  ) {
    let verdict = AuditVerdict(Self.flags(raised), examined: 50)
    #expect(verdict.kind == kind && verdict.sentence == sentence)
  }

  @Test func `a fault of the measurement is said even where nothing was attacked`() {
    let verdict = AuditVerdict(Self.flags([.leakedState]), examined: 0)
    #expect(verdict.kind == .invalid)
  }

  @Test func `the verdict says how much was not asked`() {
    let verdict = AuditVerdict(Self.flags([], open: [.square, .surrogateSpread]), examined: 50)
    #expect(
      verdict.sentence == "believable as an upper bound; 2 of 20 checks were not made")
    #expect(
      AuditVerdict(Self.flags([.restarts]), examined: 0).sentence
        == "nothing to believe: no image is classified correctly")
  }
}
