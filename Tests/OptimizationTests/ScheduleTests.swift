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

  @Test func aScheduleReadsAsWhatItDoes() {
    #expect("\(Schedule.constant(0.5))" == "0.5")
    #expect("\(Schedule.cosine(from: 0.1, over: 9))" == "cosine from 0.1 to 0.0 over 9")
    #expect(
      "\(Schedule.cosine(from: 0.1, over: 9, to: 0.01, every: 4))"
        == "cosine from 0.1 to 0.01 over 9 × 4 steps")
  }
}
