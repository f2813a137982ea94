import ArgumentParser
import Experiments
import Torch

@main
struct SpikeguardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spikeguard",
    abstract: "Trains spiking neural networks, attacks them and measures what is left.",
    discussion: """
      Start with `spikeguard quickstart`: it trains two networks on Fashion-MNIST, plain and with dominant \
      singular deflation, attacks both through all time steps and writes a report.

      Images are in [0, 1] and ε is in pixel units, always: 8/255, not 8.
      """,
    version: Spikeguard.version,
    subcommands: [
      QuickstartCommand.self, TrainCommand.self, AttackCommand.self, EvaluateCommand.self,
      VerifyAdversarialCommand.self, AuditCommand.self, CurvatureCommand.self,
      PredictCommand.self,
      GradientsCommand.self, DeflateCommand.self, ConvertCommand.self, DataCommand.self,
      ModelsCommand.self, RunsCommand.self, TheoryCommand.self, DoctorCommand.self,
    ])

  static func main() {
    PatientThreads.ensure(for: CommandLine.arguments.dropFirst().first)
    // The parser alone would complain of an unknown command's options.
    do throws(ValidationError) { try checkName(CommandLine.arguments.dropFirst().first) } catch {
      exit(withError: error)
    }
    // A command works on batches of one size, so what a batch leaves is what the next one needs.
    Engine.keepFreedMemory()
    main(nil)
  }

  static func checkName(_ name: String?) throws(ValidationError) {
    let known = configuration.subcommands.map { $0.configuration.commandName ?? "" }
    guard let name, !name.hasPrefix("-"), !(known + ["help"]).contains(name) else { return }
    throw ValidationError(
      "expected one of the commands \(known.joined(separator: ", ")), found '\(name)'")
  }
}
