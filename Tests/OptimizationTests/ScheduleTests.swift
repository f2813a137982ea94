import Optimization
import Testing

@Suite struct ScheduleTests {
  @Test func aConstantStaysTheSame() {
    #expect([0, 1, 1_000_000].map { Schedule.constant(0.3)($0) } == [0.3, 0.3, 0.3])
  }

  @Test func aCosineHasItsClosedFormAtTheAnglesThatHaveOne() {
    // cos 0, 60, 90, 120, 180 degrees; end unlike 0, so that a forgotten or doubled end shows.
    let schedule = Schedule.cosine(from: 1.1, over: 6, to: 0.1)
    let expected = [0: 1.1, 2: 0.85, 3: 0.6, 4: 0.35, 6: 0.1]
    for (step, rate) in expected { #expect(abs(schedule(step) - rate) < 1e-15, "step \(step)") }
  }

  @Test func aCosineStaysAtItsEndInsteadOfRisingAgain() {
    let schedule = Schedule.cosine(from: 1, over: 4, to: 0.2)
    #expect([4, 5, 8, 100].map { schedule($0) } == [0.2, 0.2, 0.2, 0.2])
  }

  @Test func aCosineByEpochHoldsItsRateForAnEpoch() {
    let byEpoch = Schedule.cosine(from: 0.1, over: 3, every: 5)
    let byStep = Schedule.cosine(from: 0.1, over: 3)
    for step in 0..<20 { #expect(byEpoch(step) == byStep(step / 5)) }
    #expect(byEpoch(4) == 0.1 && byEpoch(5) < 0.1)
  }

  @Test func aStepFallsByItsFactorAtTheEndOfEachPeriod() {
    let schedule = Schedule.step(from: 0.8, factor: 0.5, every: 3)
    #expect((0..<8).map { schedule($0) } == [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2])
  }

  @Test func milestonesNeedNoOrderAndMayCoincide() {
    let schedule = Schedule.multiStep(from: 1, factor: 0.5, at: [4, 1, 4])
    #expect((0..<6).map { schedule($0) } == [1, 0.5, 0.5, 0.5, 0.125, 0.125])
    let byEpoch = Schedule.multiStep(from: 1, factor: 0.5, at: [4, 1, 4], every: 10)
    for step in 0..<60 { #expect(byEpoch(step) == schedule(step / 10)) }
  }

  @Test func aWarmUpRisesInEqualStepsToTheScheduleThatFollows() {
    let then = Schedule.step(from: 0.8, factor: 0.5, every: 2)
    let schedule = Schedule.warmup(over: 3, then: then)
    let expected = [0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0.4]
    for (step, rate) in expected.enumerated() { #expect(abs(schedule(step) - rate) < 1e-15) }
    #expect((0..<5).map { Schedule.warmup(over: 0, then: then)($0) } == (0..<5).map { then($0) })
  }

  @Test func aScheduleReadsAsWhatItDoes() {
    #expect("\(Schedule.constant(0.5))" == "0.5")
    #expect("\(Schedule.cosine(from: 0.1, over: 9))" == "cosine from 0.1 to 0.0 over 9")
    #expect(
      "\(Schedule.cosine(from: 0.1, over: 9, to: 0.01, every: 4))"
        == "cosine from 0.1 to 0.01 over 9 × 4 steps")
    #expect(
      "\(Schedule.step(from: 0.1, factor: 0.5, every: 30))" == "0.1 times 0.5 every 30 steps")
    let milestones = Schedule.multiStep(from: 0.1, factor: 0.2, at: [60, 120])
    #expect("\(milestones)" == "0.1 times 0.2 at 60, 120")
    #expect(
      "\(Schedule.warmup(over: 5, then: .cosine(from: 0.1, over: 9)))"
        == "warm-up over 5 steps, then cosine from 0.1 to 0.0 over 9")
  }
}
