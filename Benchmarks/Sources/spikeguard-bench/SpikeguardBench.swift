import ArgumentParser
import Foundation

/// Measures Spikeguard against its own plain compositions and against its peers, side by side in one run.
@main
struct SpikeguardBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spikeguard-bench",
    abstract: "Measures Spikeguard side by side with what it is to be faster than.",
    discussion: """
      Each case checks first that both sides compute the same, within the tolerance that it prints, and gives \
      no ratio otherwise. Then the sides take turns, A B A B, so that a busy machine slows all of them alike.
      """,
    subcommands: [
      AllCommand.self, CaseCommand<BridgeCase>.self, CaseCommand<LIFCase>.self,
      CaseCommand<DeflationCase>.self, CaseCommand<StepCase>.self,
      CaseCommand<ReleasedCase>.self, CaseCommand<EvaluationCase>.self, CaseCommand<PGDCase>.self,
      CaseCommand<CurvatureCase>.self, CaseCommand<ConvolutionCase>.self, WorkerCommand.self,
      CaseCommand<RooflineCase>.self, CaseCommand<GrowthCase>.self, CaseCommand<LoaderCase>.self,
    ],
    defaultSubcommand: AllCommand.self)
}

/// Something to measure, by a name of its own on the command line.
protocol BenchmarkCase {
  static var name: String { get }
  static var abstract: String { get }
  static func run(_ session: inout Session) throws
}

struct AllCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all",
    abstract:
      "All cases but roofline and growth, one after the other; with --quick without curvature.")
  @OptionGroup var options: Options

  func run() throws {
    var cases: [any BenchmarkCase.Type] = [
      BridgeCase.self, LIFCase.self, ConvolutionCase.self, DeflationCase.self, StepCase.self,
      ReleasedCase.self, EvaluationCase.self, PGDCase.self, LoaderCase.self,
    ]
    if !options.quick { cases.append(CurvatureCase.self) }
    try options.run(cases)
    if options.quick { say("\nLeft out, as it takes minutes: Benchmarks/run curvature --quick") }
  }
}

struct CaseCommand<Case: BenchmarkCase>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: Case.name, abstract: Case.abstract)
  }
  @OptionGroup var options: Options

  func run() throws { try options.run([Case.self]) }
}
