using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;

namespace Atoll.Control.Sandboxes;

/// <summary>Says to a node what a sandbox is to be made of, by its record and its template.</summary>
internal static class LaunchRequests
{
    /// <param name="template">Null when it is gone: the node then says so.</param>
    /// <param name="from">The image to restore; null to boot the template.</param>
    public static LaunchRequest Of(Sandbox sandbox, Template? template, ImageId? from) => new(
        sandbox.Id, sandbox.Id.Value, template?.Root ?? sandbox.Template, sandbox.Resources, Environment(sandbox, template), sandbox.AllowInternetAccess)
    {
        // What an image holds has been started already.
        Start = from is null ? template?.Start ?? [] : [],
        StartDirectory = template?.StartDirectory ?? "/",
        StartUser = template?.StartUser ?? "root",
        Ready = from is null ? template?.Ready : null,
        From = from,
    };

    private static IReadOnlyDictionary<string, string> Environment(Sandbox sandbox, Template? template)
    {
        if (template is null || template.Environment.Count == 0)
        {
            return sandbox.Environment;
        }

        var both = new Dictionary<string, string>(template.Environment);
        foreach ((string name, string value) in sandbox.Environment)
        {
            both[name] = value;
        }

        return both;
    }
}
