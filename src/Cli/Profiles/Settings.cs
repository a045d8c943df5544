using Atoll.Sdk;

namespace Atoll.Cli.Profiles;

/// <summary>What is in force for one command: flag before environment before profile before default.</summary>
/// <param name="Profile">The profile's name, whether it exists or not.</param>
internal sealed record Settings(string Profile, string ServerUrl, string? ApiKey)
{
    public static string DefaultServer => AtollClientOptions.DefaultBaseUrl.ToString().TrimEnd('/');

    public static Settings Resolve(Config config, Func<string, string?> environment, string? profileFlag)
    {
        string? named = NamedProfile(environment, profileFlag);
        string name = named ?? config.CurrentProfile;
        if (!config.Profiles.TryGetValue(name, out Profile? profile) && named is not null)
        {
            throw new CliException($"there is no profile '{name}': see 'atoll profile list', or make it with 'atoll auth login --profile {name}'");
        }
        return new Settings(
            name,
            Given(environment("SCALEBOX_SERVER_URL")) ?? profile?.ServerUrl ?? DefaultServer,
            Given(environment("SCALEBOX_API_KEY")) ?? profile?.ApiKey);
    }

    public static string? NamedProfile(Func<string, string?> environment, string? flag) =>
        Given(flag) ?? Given(environment("SCALEBOX_PROFILE"));

    public override string ToString() => $"{Profile} {ServerUrl}";

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
