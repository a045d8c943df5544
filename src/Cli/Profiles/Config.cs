namespace Atoll.Cli.Profiles;

/// <summary>The content of the config file.</summary>
internal sealed record Config
{
    public const string DefaultProfile = "default";

    // Not init: the JSON generator gives an absent init property its type's default, not this one.
    public string CurrentProfile { get; set; } = DefaultProfile;

    public Dictionary<string, Profile> Profiles { get; set; } = [];

    public Config With(string name, Profile profile) =>
        this with { Profiles = new Dictionary<string, Profile>(Profiles) { [name] = profile } };

    public Config Without(string name) =>
        this with { Profiles = Profiles.Where(pair => pair.Key != name).ToDictionary() };
}

/// <summary>A server and the key for it.</summary>
internal sealed record Profile
{
    public string? ServerUrl { get; init; }

    public string? ApiKey { get; init; }

    /// <summary>Without the key, which must not reach a log.</summary>
    public override string ToString() => ServerUrl ?? "";
}
