import Attacks
import Testing

private func outcome(_ name: String, _ pattern: String) -> AttackOutcome {
  AttackOutcome(name, fooled: pattern.map { $0 == "x" })
}

/// The five symptoms are asked image by image: averages of these patterns are the same, or the other way round.
@Suite struct SymptomTests {
  /// Catches the comparison of averages: the iterative attack is stronger, and misses two images all the same.
  @Test func `images are compared, not averages`() {
    let step = outcome("FGSM", "xx......")
    let many = outcome("PGD", "..xxxxx.")
    let flag = AuditFlag.fooled(.oneStep, by: [step], missedBy: [many])
    #expect(flag.count.successes == 2 && flag.count.trials == 8 && flag.isRaised)
    #expect(flag.detail == "missed by PGD and found by: FGSM 2")
    let none = AuditFlag.fooled(.oneStep, by: [outcome("FGSM", "..x.....")], missedBy: [many])
    #expect(none.state == .clear)
  }

  @Test func `an image counts once, and as missed only if every other attack misses it`() {
    let flag = AuditFlag.fooled(
      .blackBox, by: [outcome("transfer", "xxx..."), outcome("Square", ".xxx..")],
      missedBy: [outcome("own", "x....."), outcome("other", "...x..")])
    #expect(flag.count.successes == 2 && flag.count.trials == 6)
    #expect(flag.detail == "missed by own, other and found by: transfer 2, Square 2")
  }

  @Test func `a symptom without its attack is not measured`() {
    let known = [outcome("PGD", "x.")]
    #expect(AuditFlag.fooled(.blackBox, by: [], missedBy: known).state == .notMeasured)
    #expect(AuditFlag.unbounded([]).state == .notMeasured)
    #expect(AuditFlag.largerBall([(0.1, known[0])]).state == .notMeasured)
    #expect(
      AuditFlag.surrogateSpread(same: known[0], foreign: [], known: known).state == .notMeasured)
  }

  @Test func `what the unbounded attacks leave together is counted`() {
    let flag = AuditFlag.unbounded([outcome("CE", "xx..x"), outcome("margin", ".xx..")])
    #expect(flag.count.successes == 1 && flag.isRaised)
    #expect(flag.detail == "CE leaves 2, margin leaves 3")
    #expect(AuditFlag.unbounded([outcome("CE", "xxxxx")]).state == .clear)
    let again = AuditFlag.unbounded(
      [outcome("CE", "xx..x")], then: [outcome("start 2", "..x.."), outcome("PGD", "...x.")])
    #expect(again.state == .clear)
    #expect(again.detail == "CE leaves 2, then start 2 finds 1, then PGD finds 1")
  }

  /// Catches the union over all pairs, whose noise grows with their number, and the first ε against the last.
  @Test func `of the pairs of ε the worst one counts`() {
    let flag = AuditFlag.largerBall([
      (1 / 255, outcome("PGD", "xx..x")), (2 / 255, outcome("PGD", "..xxx")),
      (4 / 255, outcome("PGD", "xx.xx")), (8 / 255, outcome("PGD", "xx.xx")),
    ])
    #expect(flag.count.successes == 2 && flag.count.trials == 5)
    #expect(flag.detail == "lost: 2 from L∞ 1/255 to L∞ 2/255, 1 from L∞ 2/255 to L∞ 4/255")
    let rising = [(0.1, outcome("PGD", "x...")), (0.2, outcome("PGD", "xx.."))]
    #expect(AuditFlag.largerBall(rising).state == .clear)
  }

  /// Catches the union over all surrogates: together these break 5 that its own does not, the strongest 2.
  @Test func `the strongest surrogate alone is held against its own`() {
    let own = outcome("APGD its own", "xx......")
    let flag = AuditFlag.surrogateSpread(
      same: own,
      foreign: [
        outcome("triangle 0.1", "......x."), outcome("arctan 4", "xxxx...."),
        outcome("arctan 8", "....xx.."),
      ], known: [own, outcome("restarts", "..x.....")])
    #expect(flag.count.successes == 2 && flag.count.trials == 8)
    #expect(
      flag.detail
        == "its own fools 2, the strongest other (arctan 4) 4, the weakest (triangle 0.1) 1; all 3 "
        + "together 4 that no attack through its own does")
  }

  @Test func `robust is what is left`() {
    let three = outcome("PGD", "x.x.x")
    #expect(three.fooledCount == 3 && three.robust.successes == 2 && three.robust.trials == 5)
  }
}
