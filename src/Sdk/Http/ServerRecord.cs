using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Sdk;

/// <summary>Something as the server describes it: what this library has no name for is kept under its wire name.</summary>
public abstract record ServerRecord
{
    /// <summary>Whatever else the server tells, under its wire names.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}
