import Foundation
import Testing
import Torch

@testable import Optimization

/// Prints times beside each other; nothing is asserted about them.
///
/// `SPIKEGUARD_TIMINGS=1 OMP_WAIT_POLICY=passive swift test -c release -Xswiftc -enable-testing --filter
/// SolverTimings`
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SPIKEGUARD_TIMINGS"] != nil))
struct SolverTimings {
  /// The best of some rounds, in milliseconds: other work on the machine only adds.
  func milliseconds(rounds: Int, _ body: () -> Void) -> Double {
    body()
    return (0..<rounds).map { _ in
      let time = ContinuousClock().measure(body).components
      return Double(time.seconds) * 1e3 + Double(time.attoseconds) * 1e-15
    }.min()!
  }

  func time(_ solver: DominantSingularDeflation.Solver, _ g: Tensor, rounds: Int) -> String {
    var transform = DominantSingularDeflation(solver: solver)
    let best = milliseconds(rounds: rounds) {
      var gradients: NamedTensors = ["w": g]
      transform.apply(to: &gradients, at: gradients, step: 0)
    }
    let triple = transform.report["w"]!.triple!
    return String(format: "%8.2f (%2d)", best, triple.iterations) + (triple.fellBack ? "!" : " ")
  }

  @Test func deflationOfVGGLayers() {
    print("milliseconds for one gradient (steps; ! fell back), \(Engine.threads) threads")
    print("layer        kind      fast        direct      forced      full SVD")
    let shapes = [
      (64, 27), (64, 576), (128, 576), (256, 1152), (512, 2304), (512, 4608), (10, 6272),
      (10, 25088), (100, 25088),
    ]
    for (rows, columns) in shapes {
      for (kind, g) in [
        ("gradient", Matrices.gradient(rows, columns, seed: 1)),
        ("noise   ", Matrices.noise([rows, columns], seed: 1)),
        ("copies  ", Matrices.gradientOfCopies(rows, max(columns / 49, 1), seed: 2)),
      ] where kind != "copies  " || columns % 49 == 0 {
        let layer = "\(rows) × \(columns)".padding(toLength: 12, withPad: " ", startingAt: 0)
        let direct = GramLanczos(directSide: .max)
        let iterative = GramLanczos(directSide: 1)
        print(
          layer, kind, time(.fast, g, rounds: 15), time(.custom(direct), g, rounds: 5),
          time(.custom(iterative), g, rounds: 15), time(.svd, g, rounds: 2))
      }
    }
  }
}
