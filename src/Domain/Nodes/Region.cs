namespace Atoll.Domain.Nodes;

/// <summary>A place where sandboxes can be asked to run (contracts/scalebox.md 1.2, "locality").</summary>
public sealed record Region(string Id, string Name)
{
    /// <summary>Every region that has a name, whether or not a node is there.</summary>
    public static IReadOnlyList<Region> Catalogue { get; } =
    [
        new("us-east", "US East"),
        new("us-west", "US West"),
        new("eu-west", "EU West"),
        new("eu-central", "EU Central"),
        new("ap-southeast", "Asia Pacific Southeast"),
        new("ap-northeast", "Asia Pacific Northeast"),
        new("ap-south", "Asia Pacific South"),
        new("sa-east", "South America East"),
        new("af-south", "Africa South"),
    ];
}
