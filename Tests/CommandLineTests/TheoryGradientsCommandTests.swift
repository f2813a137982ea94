import Experiments
import Foundation
import TestSupport
import Testing

/// `train` with measurements, and `theory gradients` on what it leaves.
@Suite struct TheoryGradientsCommandTests {
  static let training = Workplace.training.replacing("--epochs 8", with: "--epochs 1")
  static let measuring = " --curvature-every 2 --curvature-images 12 --spectrum-every 2"

  @Test func `what a run measured is shown with its cost, and read back`() throws {
    try Workplace.with { place in
      let run = try place.run(Self.training + Self.measuring + " --out runs/plain")
      try #require(run.exitCode == 0, "\(run.standardError)")
      // Five steps: λ_max before the first and after the second and the fourth.
      for step in [0, 2, 4] { #expect(run.standardError.contains("step \(step): λ_max ")) }
      #expect(run.standardError.contains("% of the training time so far"))
      #expect(run.standardError.contains("λ_max: 3 readings in "))
      #expect(run.standardError.contains("gradient spectra: 3 readings in "))
      let results = try place.json("runs/plain/results.json", as: RunResults.self)
      #expect(results.measurements?.curvature?.readings == 3)
      try place.succeed(Self.training + " --deflation fast --out runs/dsd")

      let line = "theory gradients runs/plain runs/dsd"
      let shown = try place.run(line + " --json g.json --out page")
      #expect(shown.exitCode == 0)
      #expect(shown.standardError.contains("runs/dsd: no λ_max: train with --curvature-every N"))
      let history = try place.json("g.json", as: GradientHistory.self)
      #expect(history.runs.map(\.title) == ["plain", "dsd"])
      #expect(history.runs[0].spectra.map(\.step) == [1, 2, 4])
      #expect(try place.contents("page/gradients.json") == place.contents("g.json"))
      let page = String(decoding: try place.contents("page/gradients.html"), as: UTF8.self)
      #expect(page.contains("layer1.0.weight"))
      #expect(shown.standardOutput.contains(#/plain +layer1.0.weight +3 /#))
      #expect(shown.standardOutput.contains("λ_max"))
    }
  }

  /// The bound that the help states is the probe's.
  @Test func `help states what a reading of λ_max costs`() throws {
    try Workplace.with { place in
      let help = try place.succeed("train --help").split { $0.isWhitespace }.joined(separator: " ")
      #expect(
        help.contains(
          "A reading takes up to 60 Hessian-vector products, each as long as about two training steps"
        ))
      let steps = try place.succeed("theory steps --help").split { $0.isWhitespace }
        .joined(separator: " ")
      #expect(steps.contains("the defaults make 31 networks") && steps.contains("(default: 0)"))
    }
  }

  @Test func `a run that is named twice is refused`() throws {
    try BadInput(
      "theory gradients run run", "expected different runs, found run twice; name each once"
    ).check()
  }

  @Test func `a run without measurements, and a folder without a run, are named`() throws {
    try BadInput(
      "theory gradients run",
      "run/metrics.jsonl: expected singular values of gradients or λ_max, found neither; train with "
        + "--spectrum-every N, with --curvature-every N, or both"
    ).check()
    try BadInput(
      "theory gradients nowhere",
      "nowhere/manifest.json: expected a run's record, found no file that can be read; check the "
        + "path and its permissions"
    ).check()
  }
}
