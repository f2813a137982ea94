import Torch

/// What a small operation costs from Swift, against the same call in a C++ loop.
enum BridgeCase: BenchmarkCase {
  static let name = "bridge"
  static let abstract = "a + b of 4 floats from Swift against a C++ loop."

  static func run(_ session: inout Session) throws {
    let a = Tensor([1, 2, 3, 4] as [Float])
    let b = Tensor([10, 20, 30, 40] as [Float])
    let rounds = session.rounds(15, quick: 7)
    let calls = session.quick ? 100_000 : 300_000
    try compare("not recorded", a, b, calls, rounds, &session)
    try compare("recorded for differentiation", a.requiringGradient(), b, calls, rounds, &session)
  }

  private static func compare(
    _ kind: String, _ a: Tensor, _ b: Tensor, _ calls: Int, _ rounds: Int, _ session: inout Session
  ) throws {
    let expected = zip(a.scalars(of: Float.self), b.scalars(of: Float.self)).map { $0 + $1 }
    let agreement = try Agreement(
      "the sum, against Swift's own floats",
      error: (a + b).largestDifference(from: Tensor(expected)), tolerance: 0)
    let comparison = try Comparison.measure(
      "Bridge: a + b of 4 floats, \(kind), time of one call", .nanoseconds, [agreement],
      [
        Contestant("C++: at::add in a loop") {
          let elapsed = ContinuousClock().measure {
            Engine.yardstickAdditions(a, b, rounds: calls)
          }
          return elapsed / .seconds(1) / Double(calls)
        },
        Contestant("Swift: a + b in a loop", calls: calls) { _ = a + b },
      ], rounds: rounds)
    let ratio = comparison.ratio(comparison.sides[1])
    var noted = comparison
    noted.notes = [
      "\(calls) calls a round; aim: at most 2 times the C++ call: \(ratio <= 2 ? "met" : "MISSED")"
    ]
    session.publish(noted)
  }
}
