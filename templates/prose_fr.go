package templates

import (
	"fmt"

	"p2p.legal/peerfy/templates/i18n"
)

func aboutFrench(t Terms) []Block {
	return []Block{
		{
			ID: "what", Heading: "Un disquaire qui appartient aux siens",
			Paragraphs: []string{
				"Voici le catalogue d’une coopérative : de la musique et des films, chaque œuvre publiée par celles et ceux qui l’ont faite et qui l’ont signée de leur propre clé. Rien n’entre dans ces bacs sans cette signature.",
				"Vous pouvez regarder, chercher et écouter sans compte. Les œuvres que leurs ayants droit ont ouvertes s’écoutent, se téléchargent et se partagent en entier. Toutes les autres donnent à chacun un extrait de 60 secondes, et le tout aux membres.",
			},
		},
		{
			ID: "fee", Heading: "Une cotisation, et où elle va",
			Paragraphs: []string{
				fmt.Sprintf("Une cotisation unique de %s par mois ouvre tout : écouter, télécharger, partager à volonté. Pas de second tarif, pas de publicité, pas de formule supérieure, rien qui se renouvelle tout seul.", i18n.Fr.Money(t.Fee)),
				"Votre cotisation suit vos propres écoutes. À la fin du mois, elle va aux artistes que vous avez écoutés, aux causes communes que nomme la charte et aux frais de fonctionnement. Vous recevez un reçu scellé et pouvez prouver, sur votre propre machine, où est allé chaque centime.",
			},
			Links: []Link{{Href: "join", Text: "Devenir membre"}},
		},
		{
			ID: "know", Heading: "Ce que ce site apprend de vous",
			Points: []string{
				"Votre nom, votre adresse, votre IP : rien. Vous y venez par Tor, et le compte d’un membre est un code sans nom.",
				"Ce que vous regardez : cette machine le sait le temps de vous répondre, et ne le note pas.",
				"Ce qu’un membre écoute : quelle œuvre, combien de fois dans le mois, sans heures et sans ordre, pour que la cotisation puisse suivre. C’est scellé pour le membre et pour la clôture du mois par la trésorerie, et détruit une fois celle-ci publiée.",
				"Ce que vous cherchez : rien qui dure. Aucune recherche n’est gardée, ni même comptée.",
				"Cookies : un seul, le temps d’une session de membre. Scripts : aucun. Chaque page fonctionne au niveau « Le plus sûr » du navigateur Tor.",
				"Si cette machine est saisie, elle contient le catalogue public, les clés de son adresse, de son registre et de ses mois, des crédits sous des empreintes de codes, et des octets scellés. Elle ne peut dire ni qui est membre, ni qui a écouté quoi.",
			},
		},
		keptBlock(i18n.Fr),
		{
			ID: "safe", Heading: "Écouter sans danger",
			Points: []string{
				"Prenez le navigateur Tor, au niveau « Le plus sûr » si possible : ce site est fait pour lui. Si un cadre remplace le lecteur, cliquez sur le cadre, puis sur OK.",
				"Comparez la fin de l’adresse, au bas de la page, à celle que vous a donnée quelqu’un de confiance.",
				"N’ouvrez un torrent que dans un client qui passe entièrement par Tor. Un client ordinaire montre votre adresse IP à des inconnus.",
				"Ce que vous téléchargez reste sur votre disque : pensez à qui peut le regarder. En partant, choisissez Nouvelle identité dans le navigateur Tor.",
			},
		},
		{
			ID: "log", Heading: "Chacun peut vérifier",
			Paragraphs: []string{
				"Chaque autorisation, chaque règle, chaque retrait est une ligne d’un registre public où l’on ne peut qu’ajouter. Inutile de croire cette page : le registre se télécharge et se vérifie avec des outils que nous n’avons pas écrits.",
			},
			Links: []Link{{Href: "ledger", Text: "Le registre public"}},
		},
		{
			ID: "host", Heading: "Une machine de libre ?",
			Paragraphs: []string{
				"Le programme est un logiciel libre (AGPL, version 3 ou ultérieure) et contient tout : le site, le catalogue et Tor. Les miroirs, qui portent le site entier et survivent à cette machine, viendront plus tard. Vous choisirez d’avance ce que vous portez et combien ; une œuvre retirée quitte tous les miroirs.",
				"Les adhésions sont ouvertes. La clôture des mois, le partage en essaim et les miroirs sont en construction, dans cet ordre ; ce que les membres écoutent d’ici là est gardé, sous scellés, pour la clôture.",
			},
		},
	}
}

func limitsFrench() []Block {
	return []Block{
		{Paragraphs: []string{"Aucun système ne peut tout promettre. Voici ce que celui-ci ne peut pas, écrit avant que vous ayez besoin de le savoir."}},
		{
			ID: "money", Heading: "L’argent",
			Points: []string{
				"Un membre qui ne vérifie jamais peut être volé. Le reçu prouve où est allée la cotisation, mais seulement à qui l’ouvre.",
				"Des membres inventés qui paient vraiment ne se distinguent pas des vrais. Chacun d’eux coûte de l’argent à qui l’invente : c’est le seul frein.",
				"Un code de compte, un pass ou un bon perdu ne peut être refait : personne ne sait à qui il était. Qui le trouve l’a.",
				"Une facture peut être fausse. Elle est publiée avec son empreinte et son montant ; que le travail ait été fait, c’est aux gens de regarder.",
				"L’arrivée d’un virement repose sur la parole de qui le reçoit. Le registre peut montrer sa signature, pas le contenu de son compte.",
			},
		},
		{
			ID: "listening", Heading: "L’écoute",
			Points: []string{
				"Le compte des écoutes, c’est la parole du site contre la vôtre, sauf si vous le corrigez avant la clôture du mois ou passez par la ligne de commande.",
				"Un navigateur peut rejouer un morceau de sa propre mémoire, et alors personne ne le compte. Le site ne voit pas non plus ce que vous écoutez depuis votre disque. Vous pouvez ajouter les deux à votre mois.",
				"Un mois pris par la voie simple laisse voir à cette machine que le compte qui paie est le pass qui écoute. Par la voie aveugle elle ne le voit pas, sauf si vous le montrez en venant au même moment.",
				"Avec peu de membres, les totaux publics peuvent trahir quelqu’un qui écoute seul, et au début c’est le plus souvent le cas. Si vous seul écoutez une œuvre, les chiffres du mois montrent que quelqu’un l’a fait.",
				"Les copies transmises ne sont pas comptées. Vous avez le droit de partager ; l’artiste est payé pour ce que les membres écoutent et téléchargent ici.",
			},
		},
		{
			ID: "works", Heading: "Les œuvres",
			Points: []string{
				"Une signature prouve qui revendique une œuvre, pas que c’est vrai. L’équipe éditoriale regarde avant de signer, et chacun peut envoyer un signalement.",
				"Un effacement ne se prouve pas. Une œuvre retirée quitte ce site et tous les miroirs qui obéissent ; personne ne peut montrer qu’il n’en reste aucune copie ailleurs, et les copies transmises ne se rappellent pas.",
			},
		},
		{
			ID: "machine", Heading: "Cette machine et le réseau",
			Points: []string{
				"Qui saisit cette machine prend son adresse et peut y montrer d’autres pages jusqu’à ce que les gens soient prévenus. Il ne peut signer ni œuvre ni règle, ni changer le registre à l’insu de qui en a gardé l’état.",
				"Tant que la machine tourne, qui la contrôle peut observer ce qu’elle répond à cet instant, ce qu’écoutent les pass dont la session est ouverte et ce que contient une bibliothèque ouverte ; pas qui est derrière.",
				"Tant que personne d’autre ne contresigne le registre, on ne peut exclure qu’une seconde histoire soit montrée à certains.",
				"Qui observe une grande part d’internet peut relier votre trafic au nôtre par ses horaires. Les limites de Tor sont les nôtres.",
			},
		},
	}
}

func publishFrench(t Terms, x example) []Block {
	fee := fmt.Sprintf("Prenons la cotisation d’un membre, %s, sans taxe.", x.fee)
	if t.Net != t.Fee {
		fee = fmt.Sprintf("Prenons la cotisation d’un membre, %s. La taxe en prend %s, il reste %s.", x.fee, x.tax, x.net)
	}
	return []Block{
		{
			ID: "conditions", Heading: "Les conditions, en dix lignes",
			Points: []string{
				"Vous avez fait l’œuvre, ou vous détenez les droits de toutes les personnes qui l’ont faite, et vous dites qui elles sont.",
				"Vous signez l’autorisation de votre propre clé. Elle reste chez vous ; personne ne publie en votre nom.",
				"Aucune exclusivité : publiez la même œuvre partout où il vous plaît.",
				"Vous pouvez la reprendre à tout moment. Elle reste alors retirée, ici et sur tous les miroirs.",
				"Vous choisissez la licence : celle de la coopérative, ou l’une des licences libres.",
				"Vous choisissez ce qui est ouvert à tout le monde. Le reste donne 60 secondes, et le tout aux membres.",
				"Vous écrivez la feuille de partage : qui est payé, et pour quelle part. Elle est publique.",
				"Les originaux sont publiés au bit près, tels que vous les avez faits (le WAV devient du FLAC, sans perte) ; des versions légères en sont tirées pour l’écoute.",
				"Quelqu’un de l’équipe éditoriale écoute, vérifie les crédits et contresigne. Un refus est toujours motivé.",
				"Votre nom, votre clé et vos lignes signées restent pour toujours au registre public. Titres et crédits partent avec l’œuvre.",
			},
		},
		{
			ID: "money", Heading: "L’argent, sur une cotisation",
			Paragraphs: []string{
				fee,
				fmt.Sprintf("La charte coupe cette somme en trois : %s pour les artistes (%s), %s pour les causes communes (%s), %s pour les frais de fonctionnement (%s).", x.artists, x.artistsPct, x.contributions, x.contribPct, x.costs, x.costsPct),
				fmt.Sprintf("Disons que ce membre a écouté 20 morceaux dans le mois : 10 de vous, 6 d’un autre artiste, 4 d’un troisième. Vous recevez %s, l’autre %s, le troisième %s. Ce que les autres membres écoutent n’y change rien.", x.first, x.second, x.third),
				fmt.Sprintf("Si votre feuille de partage dit 60 et 40, vos %s deviennent %s et %s.", x.first, x.firstOf60, x.firstOf40),
			},
			Points: []string{
				fmt.Sprintf("Une écoute, c’est %d secondes d’un morceau ; la moitié s’il dure moins du double. Un téléchargement compte une fois par mois.", t.PlaySeconds),
				fmt.Sprintf("Vous êtes payé dès que %s sont réunis ; jusque-là, le solde est reporté et affiché.", i18n.Fr.Money(t.MinPayout)),
				"Publier ne coûte rien. L’argent circule une fois le mois clos et son relevé publié.",
			},
		},
		{
			ID: "society", Heading: "Êtes-vous membre d’une société de gestion collective ?",
			Paragraphs: []string{
				"Les membres d’une société comme la Sacem ou la GEMA lui ont en général confié les droits de toutes leurs œuvres, y compris à venir. Ils ne peuvent alors pas autoriser seuls une boutique en ligne, même s’ils le veulent. Pour chaque personne au texte, à la composition, à l’interprétation, à la production ou à l’édition, vous dites donc si elle en fait partie, et de laquelle.",
				"Si c’est le cas, il nous faut l’accord écrit de la société pour cette œuvre. Sans lui, l’œuvre est refusée pour cette raison : sinon, c’est vous qui auriez à en répondre.",
			},
		},
		{
			ID: "withdraw", Heading: "La reprendre",
			Paragraphs: []string{
				"Une commande avec votre clé, ou un mot à l’équipe éditoriale. L’œuvre et ses fichiers quittent le site aussitôt, et les miroirs à leur prochaine visite. Le registre garde une ligne sans titre. Les copies que des gens possèdent déjà restent licites pour l’usage privé et ne se rappellent pas.",
			},
			Code: "peerfy withdraw PARUTION --keys mes-cles --reason \"…\" --dir D",
		},
		{
			ID: "how", Heading: "Comment faire",
			Paragraphs: []string{
				"Il vous faut le programme, ffmpeg et un dossier : des fichiers FLAC, WAV, MP3, Ogg Vorbis, Opus ou M4A, ou un film avec ses sous-titres, une pochette et les crédits. Le programme dit d’un coup tout ce qui manque. La charte, avec la licence sous laquelle vous publiez, se trouve à charter.json.",
			},
			Code: "peerfy artist init --keys mes-cles --name \"Votre nom\"\n" +
				"peerfy publish check mon-album\n" +
				"peerfy publish make mon-album --keys mes-cles --charter charter.json --out mon-paquet",
			Links: []Link{{Href: "charter.json", Text: "La charte"}},
		},
		{
			Paragraphs: []string{
				"Remettez ensuite le paquet à l’équipe éditoriale, sur un disque pour l’instant. Elle l’examine, puis le contresigne ou vous dit pourquoi elle ne le fait pas.",
			},
		},
	}
}

func licenceFrench() []Block {
	return []Block{
		{
			Paragraphs: []string{
				"Chaque œuvre dit ici sous quelle licence on peut la copier. C’est celle de la coopérative, reproduite plus bas mot pour mot telle qu’elle figure dans la charte, ou l’une des licences libres que l’artiste lui a préférées. Le texte accompagne chaque copie, dans LICENCE.txt.",
				"En bref : ce que vous avez eu ici, vous pouvez le garder, et le partager aux conditions de sa licence. Si une œuvre est retirée, sa diffusion cesse ; les copies que vous possédez restent licites pour l’usage privé.",
			},
		},
	}
}
