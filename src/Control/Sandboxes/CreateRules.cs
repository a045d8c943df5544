using System.Text;
using System.Text.RegularExpressions;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Sandboxes;

/// <summary>
/// Turns what a caller wants of a new sandbox into its first record, or says in which field the wish is wrong.
/// Fields carry the names of contracts/scalebox.md 1.2.
/// </summary>
internal sealed partial class CreateRules(SandboxLimits limits, CreateOrigins origins, INode node)
{
    public Sandbox Record(CreateSandbox request, UserId owner, DateTimeOffset now)
    {
        (Template template, Snapshot? snapshot) = origins.Find(request.Template, owner);
        CheckMetadata(request.Metadata);
        return new Sandbox
        {
            Id = request.Id ?? SandboxId.New(now),
            Owner = owner,
            Project = request.Project ?? ProjectId.DefaultOf(owner),
            Name = Name(request.Name),
            Description = Description(request.Description),
            Template = template.Id,
            TemplateName = template.Name,
            Resources = snapshot is null ? Resources(request, template) : Resources(request, snapshot),
            CreatedAt = now,
            UpdatedAt = now,
            Timeout = Timeout(request.Timeout ?? limits.DefaultTimeout),
            AutoPause = request.AutoPause,
            AutoResume = request.AutoResume,
            IdleTimeout = IdleTimeout(request.IdleTimeout),
            Secure = request.Secure,
            AllowInternetAccess = request.AllowInternetAccess,
            PublicTraffic = request.PublicTraffic,
            RequestHost = RequestHost(request),
            Region = Region(request.Locality),
            Metadata = new Dictionary<string, string>(request.Metadata),
            Environment = Environment(request.Environment, snapshot),
            Ports = Ports(template.Ports, request.Ports),
            Node = node.Name,
            Source = snapshot?.Image,
        };
    }

    public TimeSpan Timeout(TimeSpan timeout) => timeout >= limits.MinTimeout && timeout <= limits.MaxTimeout
        ? timeout
        : throw Invalid("timeout", $"timeout must be {limits.MinTimeout.TotalSeconds:0.###} to {limits.MaxTimeout.TotalSeconds:0.###} seconds");

    private TimeSpan? IdleTimeout(TimeSpan? timeout) => timeout is null || (timeout >= limits.MinIdleTimeout && timeout <= limits.MaxTimeout)
        ? timeout
        : throw Invalid("idle_timeout", $"idle_timeout must be {limits.MinIdleTimeout.TotalSeconds:0.###} to {limits.MaxTimeout.TotalSeconds:0.###} seconds");

    public void CheckMetadata(IReadOnlyDictionary<string, string> metadata) => CheckEntries("metadata", metadata, AnyName(), "must not be empty");

    private Dictionary<string, string> Environment(IReadOnlyDictionary<string, string> wanted, Snapshot? snapshot)
    {
        var all = new Dictionary<string, string>(snapshot?.Environment ?? wanted);
        foreach ((string name, string value) in wanted)
        {
            all[name] = value;
        }

        CheckEntries("env_vars", all, EnvironmentName(), "must match [A-Za-z_][A-Za-z0-9_]*");
        return all;
    }

    private string? RequestHost(CreateSandbox request)
    {
        if (!request.PublicTraffic && !request.Secure)
        {
            throw Invalid("allow_public_traffic", "traffic can only be kept from the public in a secure sandbox");
        }

        if (string.IsNullOrEmpty(request.RequestHost))
        {
            return null;
        }

        return request.RequestHost.Length <= limits.MaxRequestHostLength && HostPattern().IsMatch(request.RequestHost)
            ? request.RequestHost
            : throw Invalid("mask_request_host", "mask_request_host must be a host such as localhost:${PORT}");
    }

    public string Name(string? wanted)
    {
        if (string.IsNullOrEmpty(wanted))
        {
            return SandboxNames.Next();
        }

        return wanted.Length <= limits.MaxNameLength && !wanted.Any(char.IsControl) && !string.IsNullOrWhiteSpace(wanted)
            ? wanted
            : throw Invalid("name", $"name must be at most {limits.MaxNameLength} printable characters");
    }

    private string Description(string? wanted) => (wanted ?? "").Length <= limits.MaxDescriptionLength
        ? wanted ?? ""
        : throw Invalid("description", $"description must be at most {limits.MaxDescriptionLength} characters");

    private SandboxResources Resources(CreateSandbox request, Template template)
    {
        NodeCapabilities most = node.Capabilities;
        int cpu = request.CpuCount ?? Math.Min(template.DefaultCpuCount, most.MaxCpuCount);
        if (cpu < 1 || cpu > most.MaxCpuCount)
        {
            throw Invalid("cpu_count", $"cpu_count must be 1 to {most.MaxCpuCount}");
        }

        int memory = request.MemoryMb ?? template.DefaultMemoryMb;
        if (memory < limits.MinMemoryMb)
        {
            throw Invalid("memory_mb", $"Memory must be at least {limits.MinMemoryMb} MB");
        }

        if (memory < template.DefaultMemoryMb)
        {
            throw Invalid("memory_mb", $"Memory must be at least {template.DefaultMemoryMb} MB (template minimum)");
        }

        if (memory > most.MaxMemoryMb)
        {
            throw Invalid("memory_mb", $"memory_mb must be at most {most.MaxMemoryMb}");
        }

        int storage = request.StorageGb ?? Math.Max(1, Math.Min(limits.DefaultStorageGb, most.MaxStorageGb / 2));
        return storage >= 1 && storage <= most.MaxStorageGb
            ? new SandboxResources(cpu, memory, storage)
            : throw Invalid("storage_gb", $"storage_gb must be 1 to {most.MaxStorageGb}");
    }

    // What it holds in memory and on disk needs the room that it had.
    private SandboxResources Resources(CreateSandbox request, Snapshot snapshot)
    {
        NodeCapabilities most = node.Capabilities;
        (int cpu, int memory, int storage) = snapshot.Resources;
        return new SandboxResources(
            Within("cpu_count", request.CpuCount ?? cpu, cpu, most.MaxCpuCount),
            Within("memory_mb", request.MemoryMb ?? memory, memory, most.MaxMemoryMb),
            Within("storage_gb", request.StorageGb ?? storage, storage, most.MaxStorageGb));
    }

    private static int Within(string field, int wanted, int least, int most) => wanted >= least && wanted <= most
        ? wanted
        : throw Invalid(field, $"{field} must be {least} (what the snapshot has) to {most}");

    private void CheckEntries(string field, IReadOnlyDictionary<string, string> entries, Regex key, string rule)
    {
        if (entries.Count > limits.MaxEntries)
        {
            throw Invalid(field, $"{field} must have at most {limits.MaxEntries} entries");
        }

        long bytes = 0;
        foreach ((string name, string value) in entries)
        {
            bytes += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value ?? throw Invalid(field, $"{field}: every value must be a string"));
            if (!key.IsMatch(name))
            {
                throw Invalid(field, $"{field}: each name {rule}");
            }

            if (value.Contains('\0'))
            {
                throw Invalid(field, $"{field}: the value of '{name}' must not hold a NUL character");
            }
        }

        if (bytes > limits.MaxEntryBytes)
        {
            throw Invalid(field, $"{field} must be at most {limits.MaxEntryBytes / 1024} KiB in all");
        }
    }

    private IReadOnlyList<PortMapping> Ports(IReadOnlyList<PortMapping> fixedOnes, IReadOnlyList<PortMapping> wanted)
    {
        if (wanted.Count > limits.MaxPorts)
        {
            throw Invalid("custom_ports", $"custom_ports must have at most {limits.MaxPorts} entries");
        }

        List<PortMapping> all = [.. fixedOnes.Select(port => port with { IsProtected = true })];
        foreach (PortMapping port in wanted)
        {
            if (PortRules.Problem(port) is { } problem)
            {
                throw Invalid("custom_ports", $"custom_ports: {problem.Message}");
            }

            if (all.Any(other => other.Port == port.Port || other.Name == port.Name))
            {
                throw Invalid("custom_ports", $"custom_ports: port {port.Port} or the name '{port.Name}' is there twice or belongs to the template");
            }

            all.Add(port with { IsProtected = false });
        }

        return all;
    }

    private string Region(Locality? locality)
    {
        string here = node.Capabilities.Region;
        if (locality?.Region is not { Length: > 0 } wanted || wanted == here)
        {
            return here;
        }

        if (Domain.Nodes.Region.Catalogue.All(region => region.Id != wanted))
        {
            throw new Fault(
                FaultCode.InvalidRegion, $"Invalid region '{wanted}': GET /v1/scalebox-regions lists those there are", "locality.region").AsException();
        }

        return locality.Force
            ? throw new Fault(
                FaultCode.LocalityUnsatisfied, $"No available cluster in requested region '{wanted}': leave out force to run elsewhere", "locality.region").AsException()
            : here;
    }

    private static FaultException Invalid(string field, string message) => Fault.Invalid(field, message).AsException();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex EnvironmentName();

    [GeneratedRegex(@"^[^\x00]+\z")]
    private static partial Regex AnyName();

    [GeneratedRegex(@"^(?:[A-Za-z0-9.:_\[\]-]|\$\{PORT\})+\z")]
    private static partial Regex HostPattern();
}
