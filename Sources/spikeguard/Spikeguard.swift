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
      QuickstartCommand.self, TrainCommand.self, AttackCommand.self, PredictCommand.self,
      GradientsCommand.self, DeflateCommand.self, DoctorCommand.self,
    ])

  static func main() {
    // A command works on batches of one size, so what a batch leaves is what the next one needs.
    Engine.keepFreedMemory()
    main(nil)
  }
}
