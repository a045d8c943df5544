using System.Text.RegularExpressions;
using Atoll.Domain;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Reads the dialect's names of templates: <c>[team/]name[:tag]</c> (contracts/e2b.md 1.1).</summary>
internal static partial class E2bTemplates
{
    /// <summary>The tag that a template has which was given none; the only one as yet.</summary>
    private const string DefaultTag = "default";

    /// <summary>What E2B calls templates that have another name here.</summary>
    private static readonly Dictionary<string, string> Aliases = new() { ["code-interpreter-v1"] = "code-interpreter" };

    /// <summary>
    /// The name or id here. Templates belong to the installation, so a team's name is read over: E2B's clients put
    /// their own in front.
    /// </summary>
    /// <exception cref="FaultException"><see cref="FaultCode.InvalidArgument"/> for what is no such name; <see cref="FaultCode.NotFound"/> for another tag.</exception>
    public static string NameOf(string reference)
    {
        Match match = Reference().Match(reference);
        if (!match.Success)
        {
            throw Fault.Invalid("templateID", "templateID must be a name such as base, team/base or base:default").AsException();
        }

        if (match.Groups["tag"] is { Success: true, Value: not DefaultTag })
        {
            throw Fault.NotFound("template", reference).AsException();
        }

        string name = match.Groups["name"].Value;
        return Aliases.GetValueOrDefault(name, name);
    }

    [GeneratedRegex(@"^(?:[a-z0-9_-]+/)?(?<name>[a-z0-9_-]+)(?::(?<tag>[a-z0-9._-]+))?\z")]
    private static partial Regex Reference();
}
