using System.Text;
using System.Text.Json;
using Atoll.Domain.Network;
using Atoll.Domain.Templates;

namespace Atoll.Control.Templates;

/// <summary>Says in the words of a Dockerfile how a template came to be, as far as that is known.</summary>
internal static class Dockerfile
{
    /// <param name="parent">What it was made of; null when that was no template.</param>
    public static string Of(CatalogueTemplate template, CatalogueTemplate? parent)
    {
        var text = new StringBuilder().Append($"# {template.Name} ({template.Id})\n");
        string image = Address(template);
        if (image.Length > 0)
        {
            text.Append($"FROM {image}\n");
        }
        else if (parent is not null)
        {
            text.Append($"FROM {parent.Name}\n");
            text.Append(parent.Root == template.Root ? "" : "# The files of a sandbox of it: no step tells how they were made.\nCOPY rootfs/ /\n");
        }
        else
        {
            text.Append(template.Owner is null
                ? "# Built by the operator out of Debian packages; a recipe, not a Dockerfile, tells how.\n"
                : "# Of an image that was handed in as a file.\n");
            text.Append("FROM scratch\nCOPY rootfs/ /\n");
        }

        foreach ((string name, string value) in template.ImageConfig?.Environment ?? new Dictionary<string, string>())
        {
            text.Append($"ENV {name}={JsonSerializer.Serialize(value)}\n");
        }

        foreach (PortMapping port in template.Ports)
        {
            text.Append($"EXPOSE {port.ServicePort}{(port.Protocol is PortProtocol.Udp ? "/udp" : "")}\n");
        }

        IReadOnlyList<string> start = StartCommands.Start(template.CustomCommand, template.ImageConfig);
        return text.Append(start.Count > 0 ? $"CMD {JsonSerializer.Serialize(start)}\n" : "").ToString();
    }

    private static string Address(CatalogueTemplate template) =>
        template.Image.ExternalUrl is { Length: > 0 } external ? external : template.Image.HarborUrl;
}
