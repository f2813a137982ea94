import ArgumentParser

/// The group of commands that measure what the paper's theory rests on.
struct TheoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "theory",
    abstract: "Measures what the paper's theory assumes of a network.",
    subcommands: [
      TheoryGradientsCommand.self,
      TheoryDriftCommand.self,
      TheoryStepsCommand.self,
      TheoryAlignmentCommand.self,
    ])
}
