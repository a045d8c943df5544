namespace Atoll.Control.Sandboxes;

/// <summary>Makes up a name for a sandbox whose user gave none: an adjective and an animal, at most 24 characters.</summary>
internal static class SandboxNames
{
    private static readonly string[] Adjectives =
    [
        "amber", "bold", "brave", "bright", "brisk", "calm", "clever", "coral", "curious", "eager", "fair", "fleet", "gentle",
        "golden", "happy", "hardy", "keen", "kind", "lively", "lucky", "mellow", "merry", "nimble", "patient", "proud", "quick",
        "quiet", "silver", "sly", "steady", "sunny", "swift", "tidy", "vivid", "warm", "wise",
    ];

    private static readonly string[] Animals =
    [
        "badger", "bear", "bison", "crane", "crow", "deer", "dolphin", "eagle", "falcon", "finch", "fox", "gecko", "heron",
        "ibis", "jackal", "koala", "lark", "lemur", "lynx", "manta", "marten", "mole", "newt", "otter", "owl", "panda", "puffin",
        "raven", "robin", "seal", "sparrow", "stork", "tern", "turtle", "vole", "walrus", "wolf", "wren",
    ];

    public static string Next() => $"{Pick(Adjectives)}-{Pick(Animals)}";

    private static string Pick(string[] words) => words[Random.Shared.Next(words.Length)];
}
