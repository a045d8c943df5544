using Atoll.Control.Stores;
using Atoll.Domain.Templates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Atoll.Control.Templates;

/// <summary>Adds what decides about templates. Needs <see cref="IBuiltInTemplates"/> and <see cref="ITemplateRoots"/>.</summary>
internal static class TemplateServices
{
    public static void AddTemplates(this IServiceCollection services) => services
        .AddSingleton<CatalogueStore>()
        .AddSingleton<Catalogue>()
        .AddSingleton<ITemplates>(provider => provider.GetRequiredService<Catalogue>())
        .AddSingleton<TemplateRules>()
        .AddSingleton<RegistrySecrets>()
        .AddSingleton<NewTemplates>()
        .AddSingleton<ITemplateCatalogue, OwnedTemplates>()
        .AddSingleton<TemplateWork>()
        .AddSingleton<ITemplateCaptures, TemplateCaptures>();

    /// <summary>After the service that opens the store.</summary>
    public static void AddTemplateWork(this IServiceCollection services) =>
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<TemplateWork>());
}
