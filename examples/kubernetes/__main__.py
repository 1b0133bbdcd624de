"""A pinned image on UK8S, UCloud's Kubernetes.

The cluster is the one of the current kubeconfig, or of `pulumi config set
kubernetes:kubeconfig --secret`. The image stays until `pulumi config set release` names
another release, and `pulumi preview` shows the move and the Deployment that follows it.

Where the registry asks for a login, make a secret of it in the cluster (`kubectl create
secret docker-registry uhub ...`) and name it: `pulumi config set pullSecret uhub`.
"""

import pulumi
import pulumi_kubernetes as kubernetes

import pulumi_ucimage as ucimage

config = pulumi.Config()
pull_secret = config.get("pullSecret")

app = ucimage.ImagePin(
    "app",
    bucket_name=config.get("bucket") or "ucs",
    image_name=config.get("image") or "helloworld",
    policy="semver",
    semver_range=config.get("range") or "^1.0",
    triggers={"release": config.get("release") or "first"},
)

labels = {"app": "helloworld"}
deployment = kubernetes.apps.v1.Deployment(
    "app",
    metadata=kubernetes.meta.v1.ObjectMetaArgs(
        labels=labels,
        annotations={"ucimage/tag": app.tag, "ucimage/chosen-at": app.chosen_at},
    ),
    spec=kubernetes.apps.v1.DeploymentSpecArgs(
        replicas=config.get_int("replicas") or 2,
        selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=labels),
        template=kubernetes.core.v1.PodTemplateSpecArgs(
            metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=labels),
            spec=kubernetes.core.v1.PodSpecArgs(
                containers=[
                    kubernetes.core.v1.ContainerArgs(
                        name="app",
                        image=app.image,
                        ports=[kubernetes.core.v1.ContainerPortArgs(container_port=8080)],
                    )
                ],
                image_pull_secrets=[
                    kubernetes.core.v1.LocalObjectReferenceArgs(name=pull_secret)
                ]
                if pull_secret
                else [],
            ),
        ),
    ),
)

pulumi.export("image", app.image)
pulumi.export("previous", app.previous_tag)
pulumi.export("deployment", deployment.metadata.name)
