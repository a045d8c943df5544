using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox list</c>.</summary>
internal sealed class ListCommand
{
    private readonly CommandContext _context;
    private readonly Option<int> _page = new("--page") { Description = "The page, from 1", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _limit = new("--limit") { Description = "Sandboxes on a page", DefaultValueFactory = _ => 20 };
    private readonly Option<bool> _all = new("--all") { Description = "All pages" };
    private readonly Option<int?> _maxItems = new("--max-items") { Description = "Stop after so many" };
    private readonly Option<string?> _status = new("--status") { Description = "Only those in this status" };
    private readonly Option<string?> _template = new("--template") { Description = "Only those of this template, by name or id" };

    private ListCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        ListCommand list = new(context);
        foreach (Option<int> positive in new[] { list._page, list._limit })
        {
            positive.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{positive.Name} must be at least 1");
                }
            });
        }
        Command command = new("list", "List your sandboxes") { list._page, list._limit, list._all, list._maxItems, list._status, list._template };
        command.SetAction(list.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Printer printer = _context.Printer(parsed);
        using AtollClient client = _context.Connect(parsed);
        SandboxPage page = await FetchAsync(client, parsed, cancellation).ConfigureAwait(false);
        printer.Print(page, json => json.SandboxPage, output => Write(output, page));
        return 0;
    }

    private async Task<SandboxPage> FetchAsync(AtollClient client, ParseResult parsed, CancellationToken cancellation)
    {
        SandboxQuery query = new() { Page = parsed.GetValue(_page), Limit = parsed.GetValue(_limit), Status = parsed.GetValue(_status) };
        string? template = parsed.GetValue(_template);
        int? most = parsed.GetValue(_maxItems);
        if (template is null && most is null && !parsed.GetValue(_all))
        {
            return await client.Sandboxes.ListAsync(query, cancellation).ConfigureAwait(false);
        }
        // The server has no filter by template, so the pages are counted here, after filtering.
        List<Sandbox> found = [];
        await foreach (Sandbox sandbox in client.Sandboxes.ListAllAsync(query, cancellation).ConfigureAwait(false))
        {
            if (template is null || sandbox.TemplateName == template || sandbox.TemplateId == template)
            {
                found.Add(sandbox);
            }
            if (found.Count == most)
            {
                break;
            }
        }
        return Cut(found, query, whole: parsed.GetValue(_all) || most is not null);
    }

    private static SandboxPage Cut(List<Sandbox> found, SandboxQuery query, bool whole)
    {
        int limit = whole ? Math.Max(1, found.Count) : query.Limit;
        int page = whole ? 1 : query.Page;
        return new SandboxPage
        {
            Sandboxes = [.. found.Skip((page - 1) * limit).Take(limit)],
            Pagination = new Pagination { Page = page, Limit = limit, Total = found.Count, TotalPages = (found.Count + limit - 1) / limit },
        };
    }

    private static void Write(TextWriter output, SandboxPage page)
    {
        Table.Write(
            output, ["SANDBOX ID", "NAME", "STATUS", "TEMPLATE", "CPU", "MEMORY", "CREATED"],
            page.Sandboxes.Select(sandbox => new[]
            {
                sandbox.SandboxId, sandbox.Name, sandbox.Status, sandbox.TemplateName ?? sandbox.TemplateId ?? "",
                $"{sandbox.CpuCount}", $"{sandbox.MemoryMb} MB", Table.Time(sandbox.CreatedAt),
            }));
        if (page.Pagination is { TotalPages: > 1 } place)
        {
            output.WriteLine($"Page {place.Page} of {place.TotalPages}, {place.Total} sandboxes; --page N or --all shows the others.");
        }
    }
}
