using System.Text.Json;

namespace Atoll.Server.Doctor;

/// <summary>Packets of sandboxes are forwarded by this machine: nothing else may drop them.</summary>
internal sealed class ForwardingCheck : ICheck
{
    public string Name => "forwarding";

    public async Task<Finding> RunAsync(CancellationToken cancellation)
    {
        string enabled = await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_forward", cancellation);
        ProcessResult? rules = await DoctorProcess.RunAsync("nft", ["-j", "list", "chains"], "", cancellation);
        return Judge(enabled, rules is { ExitCode: 0 } ? rules.Output : null);
    }

    /// <param name="enabled">The text of <c>/proc/sys/net/ipv4/ip_forward</c>.</param>
    /// <param name="chains">What <c>nft -j list chains</c> prints; null when it could not.</param>
    public static Finding Judge(string enabled, string? chains)
    {
        string[] dropping = chains is null ? [] : [.. Dropping(chains)];
        if (dropping.Length > 0)
        {
            return Finding.Warn(
                $"packets are dropped by default in {string.Join(", ", dropping)} (Docker or a firewall does that)",
                "if sandboxes cannot reach the network: iptables -I FORWARD -i 'atl+' -j ACCEPT && iptables -I FORWARD -o 'atl+' -j ACCEPT");
        }

        return Finding.Ok(enabled.Trim() == "1"
            ? "on, and no firewall drops what is forwarded"
            : "off until the server starts and turns it on; no firewall drops what is forwarded");
    }

    private static IEnumerable<string> Dropping(string chains)
    {
        using JsonDocument document = JsonDocument.Parse(chains);
        if (!document.RootElement.TryGetProperty("nftables", out JsonElement items))
        {
            yield break;
        }

        foreach (JsonElement item in items.EnumerateArray())
        {
            if (item.TryGetProperty("chain", out JsonElement chain)
                && Text(chain, "hook") == "forward" && Text(chain, "policy") == "drop"
                && Text(chain, "table") is { } table && !table.StartsWith("atoll", StringComparison.Ordinal))
            {
                yield return $"{Text(chain, "family")} {table} {Text(chain, "name")}";
            }
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
